"""Whether linear state spaces and Gaussian HMMs agree with dynamax (64 bit), given the same parameters.

It needs dynamax, which is no dependency of the package.

    pip install dynamax 'jax[cpu]'
    python benchmarks/dynamax_agreement.py
"""

from __future__ import annotations

import jax
import numpy as np

jax.config.update("jax_enable_x64", True)

import jax.numpy as jnp  # noqa: E402
from dynamax.hidden_markov_model import hmm_filter, hmm_smoother  # noqa: E402
from dynamax.linear_gaussian_ssm import lgssm_smoother  # noqa: E402
from dynamax.linear_gaussian_ssm.inference import make_lgssm_params  # noqa: E402
from scipy.stats import multivariate_normal  # noqa: E402

from seqcompare import HMM, LinearStateSpace  # noqa: E402


def state_spaces():
    """Print how far log-likelihoods and smoothed means are apart, of fitted models of 1 to 3 states."""
    rng = np.random.default_rng(0)
    for d in (1, 2):
        x = np.cumsum(rng.normal(size=(8, 120, d)), axis=1) * 0.2 + rng.normal(size=(8, 120, d))
        for k in (1, 2, 3):
            model = LinearStateSpace(k).fit(list(x))
            ours, machine = model.score_samples(list(x)), model.machine_
            params = make_lgssm_params(
                jnp.array(machine.start_mean),
                jnp.array(machine.start_cov),
                jnp.array(machine.transition),
                jnp.array(machine.state_noise),
                jnp.array(machine.loading),
                jnp.array(machine.noise),
                emissions_bias=jnp.array(machine.offset),
            )
            found = [lgssm_smoother(params, jnp.array(one)) for one in x]
            theirs = np.array([float(one.marginal_loglik) for one in found])
            means = np.max(
                np.abs(
                    np.stack([np.asarray(one.smoothed_means) for one in found])
                    - np.stack(list(model.smooth(list(x))[0]))
                )
            )
            apart = np.max(np.abs(ours - theirs))
            print(f"state space {k}, {d} channel(s): log-likelihood {apart:.0e}, smoothed means {means:.0e}")


def hidden_markov():
    """Print the same of Gaussian HMMs."""
    rng = np.random.default_rng(1)
    x = np.where(rng.random((8, 120, 1)) < 0.5, -1.0, 1.0) + 0.5 * rng.normal(size=(8, 120, 2))
    model = HMM(3, covariance_type="full", random_state=0).fit(list(x))
    apart = smoothed = 0.0
    ours, proba = model.score_samples(list(x)), model.predict_proba(list(x))
    for i, one in enumerate(x):
        logs = np.column_stack(
            [
                multivariate_normal.logpdf(one, mean, cov)
                for mean, cov in zip(model.means_, model.covars_, strict=True)
            ]
        )
        given = (jnp.array(model.startprob_), jnp.array(model.transmat_), jnp.array(logs))
        apart = max(apart, abs(float(hmm_filter(*given).marginal_loglik) - ours[i]))
        smoothed = max(
            smoothed, float(np.abs(np.asarray(hmm_smoother(*given).smoothed_probs) - proba[i]).max())
        )
    print(f"HMM of 3 states, 2 channels: log-likelihood {apart:.0e}, smoothed {smoothed:.0e}")


if __name__ == "__main__":
    state_spaces()
    hidden_markov()
