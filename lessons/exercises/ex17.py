"""Exercises of lesson 17: which defence for which fault."""


def least_regret(areas):
    """The defence that one will regret least. Returns its number, and the regrets (A, F).

    areas (A, F): of defence a under fault f, in percent. The regret of a under f is how much less it has than the
    defence that is best under f. The choice is the defence whose largest regret is the smallest; if there are several,
    the first of them.
    """
    raise NotImplementedError


def break_even(one, other):
    """The share p of the first of two faults at which two defences have the same expected area; None if there is none.

    one, other: (area under the first fault, area under the second one), in percent. With a share p the expected area is
    p times the first plus (1 - p) times the second. Only a p from 0 to 1 counts. Defences that are equal under both
    faults have no such point either: they are the same for every p.
    """
    raise NotImplementedError


def interaction(none, one, other, both, t):
    """What two defences together bring beyond the sum of what each brings by itself. Returns mean, low, high.

    none, one, other, both (S, P): areas without a defence, with each of the two alone, and with both, of the same S
    seeds and P patterns. A gain is a paired difference from `none`. The interval is over the seeds, the mean plus and
    minus t standard errors; t: the quantile of Student's t for S seeds. S is 2 or more.
    """
    raise NotImplementedError
