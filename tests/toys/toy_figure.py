"""A figure of one's own: how many trials each model had."""

from seqcompare.report.figures import FigureSpec, register_figure


def _data(view):
    return view.run.frame().groupby("model", sort=False).size().reset_index(name="trials")


def _draw(frame, ax, view):
    ax.barh(frame["model"], frame["trials"])


TOY_FIGURE = FigureSpec.of("toy_trials", "Trials of each model", _draw, _data)

register_figure(TOY_FIGURE)
