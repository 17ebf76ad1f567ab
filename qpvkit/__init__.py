"""Diagnostics of the quartiers prioritaires (QPV) for the contrats de ville 2024-2030.

Four verbs: load, measure, show, publish. ``d = qk.diagnose("QN09901M")`` gathers everything
about one quartier; ``qk.plot_*``, ``qk.map_*`` and ``qk.*_table`` show it.

The names are listed in ``__init__.pyi`` and imported when they are first used: papermill imports
this package each time it starts, to find the engine, and must not wait for pandas.
"""

import lazy_loader

__getattr__, __dir__, __all__ = lazy_loader.attach_stub(__name__, __file__)

__version__ = "0.1.0"
