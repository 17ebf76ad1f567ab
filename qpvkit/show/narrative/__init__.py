"""What a diagnostic says in sentences; silent where it does not know.

A small grammar: each sentence is a pure function of a gap, its interval, its direction, what is
compared and a verdict. No verb goes beyond what the numbers say.
"""

from qpvkit.show.narrative.brief import Narrative, describe
from qpvkit.show.narrative.stakes import StakeStory, tell_stakes

__all__ = ["Narrative", "StakeStory", "describe", "tell_stakes"]
