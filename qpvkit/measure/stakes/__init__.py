"""Which local stakes stand out, in which order, and how sure the order is."""

from qpvkit.measure.stakes.ranking import Ranking, rank_stakes
from qpvkit.measure.stakes.rules import Rules
from qpvkit.measure.stakes.yardstick import Yardstick, fit_yardstick

__all__ = ["Ranking", "Rules", "Yardstick", "fit_yardstick", "rank_stakes"]
