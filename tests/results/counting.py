"""Counts how often functions of a module are called."""


def count_calls(monkeypatch, module, names):
    """Return the counts, by name, of calls from now on."""
    counts = dict.fromkeys(names, 0)

    def counted(name, function):
        def call(*args, **kwargs):
            counts[name] += 1
            return function(*args, **kwargs)

        return call

    for name in names:
        monkeypatch.setattr(module, name, counted(name, getattr(module, name)))
    return counts
