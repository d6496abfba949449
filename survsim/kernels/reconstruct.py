"""Events and censorings behind a published curve (Guyot 2012, the iteration of section 2).

Plain Python on short lists: a curve has some hundred readings, far too few to repay compilation. The
paper's letters: T_k, S_k readings; n_i at risk at t_i; c_i censored in interval i; d_k events at T_k.
"""

from __future__ import annotations

MOST_ROUNDS = 60


def walk(
    T: list[float], S: list[float], first: int, last: int, n: int, KM: float, C: list[float]
) -> tuple[list[int], int, float, list[float]]:
    """One interval with censoring times C: events at its readings, numbers left, Kaplan-Meier, excesses.

    Events are ``d_k = round(n_k (1 - S_k / KM))`` with KM the reconstructed curve, so that rounding does not
    accumulate. The excess ``d_k - n_k (1 - S_k / KM)`` says how much rounding added.
    """
    events, excess = [], []
    j, m = 0, len(C)
    for k in range(first, last):
        while j < m and C[j] < T[k]:
            n -= 1
            j += 1
        if n > 0 and KM > 0.0:
            exact = n * (1.0 - S[k] / KM)
            d = int(exact + 0.5) if exact > 0.0 else 0
            d = min(d, n)
            if d:
                KM *= 1.0 - d / n
                n -= d
        else:
            exact, d = 0.0, 0
        events.append(d)
        excess.append(d - exact)
    return events, n - (m - j), KM, excess


def spread(start: float, end: float, c: int, marks: list[float] | None = None) -> list[float]:
    """c times evenly inside (start, end); with marks, evenly chosen ones of these, shared where there are too few."""
    if marks:
        q = len(marks)
        return sorted(marks[((2 * j + 1) * q // (2 * c)) % q] for j in range(c))
    step = (end - start) / (c + 1)
    return [start + step * (j + 1) for j in range(c)]


def solve_interval(
    T: list[float],
    S: list[float],
    first: int,
    last: int,
    start: float,
    end: float,
    n: int,
    n_next: int,
    KM: float,
    guess: int,
    marks: list[float] | None = None,
) -> tuple[list[int], list[float], float]:
    """Events and censoring times of an interval that starts with n and must end with n_next at risk."""
    c = min(max(guess, 0), n - n_next)
    best, seen = None, set()
    for _ in range(MOST_ROUNDS):
        seen.add(c)
        C = spread(start, end, c, marks)
        events, left, after, excess = walk(T, S, first, last, n, KM, C)
        gap = left - n_next
        if best is None or abs(gap) < abs(best[0]):
            best = (gap, events, C, after, excess)
        c = min(max(c + gap, 0), n - n_next)
        if gap == 0 or c in seen:
            break
    assert best is not None  # the loop ran at least once
    gap, events, C, after, excess = best
    if gap != 0:
        events, after = settle(T, S, first, last, n, KM, C, events, excess, gap)
    return events, C, after


def settle(
    T: list[float],
    S: list[float],
    first: int,
    last: int,
    n: int,
    KM: float,
    C: list[float],
    events: list[int],
    excess: list[float],
    gap: int,
) -> tuple[list[int], float]:
    """Move single events up or down where rounding was closest, until the risk table is met."""
    events = list(events)
    for _ in range(abs(gap)):
        open_to = [k for k in range(len(events)) if gap > 0 or events[k] > 0]
        if not open_to:
            break
        k = min(open_to, key=lambda i: excess[i]) if gap > 0 else max(open_to, key=lambda i: excess[i])
        step = 1 if gap > 0 else -1
        events[k] += step
        excess[k] += step
    j = 0
    for k, d in zip(range(first, last), events):
        while j < len(C) and C[j] < T[k]:
            n -= 1
            j += 1
        if d and n > 0:
            KM *= 1.0 - min(d, n) / n
            n -= d
    return events, KM


def reconstruct(
    T: list[float],
    S: list[float],
    t: list[float],
    n: list[int],
    end: float,
    D: int | None,
    marks: list[float] | None = None,
    to_last_reading: bool = False,
) -> tuple[list[int], list[list[float]]]:
    """Events at each reading and censoring times of each interval.

    T, S : readings, T[0] = 0, S[0] = 1, S never rising. t, n : risk table, t[0] = 0. end : end of follow-up.
    D : total number of events, or None. marks : sorted times of censor marks, or None if none are known.
    to_last_reading : the even spread ends at the last reading of an interval, not at its end.
    """
    m = len(t)
    bounds = [0] * (m + 1)
    k = 0
    for i in range(m):
        while k < len(T) and T[k] < t[i]:
            k += 1
        bounds[i] = k
    bounds[m] = len(T)
    events: list[int] = []
    censored: list[list[float]] = []
    KM = 1.0
    for i in range(m - 1):
        before = S[bounds[i] - 1] if bounds[i] > 0 else 1.0
        at_end = S[bounds[i + 1] - 1] if bounds[i + 1] > 0 else 1.0
        expected = n[i] * at_end / before if before > 0.0 else 0.0
        guess = int(expected - n[i + 1] + 0.5)
        own = None if marks is None else [x for x in marks if t[i] <= x < t[i + 1]]
        if own:
            guess = len(own)
        stop = t[i + 1]
        if to_last_reading and bounds[i + 1] > bounds[i]:
            stop = max(T[bounds[i + 1] - 1], t[i])
        d, C, KM = solve_interval(T, S, bounds[i], bounds[i + 1], t[i], stop, n[i], n[i + 1], KM, guess, own)
        events += d
        censored.append(C)
    own = None if marks is None else [x for x in marks if x >= t[m - 1]]
    d, C = last_interval(T, S, bounds[m - 1], t[m - 1], n[m - 1], KM, end, D, sum(events), censored, own)
    return events + d, [*censored, C]


def last_interval(
    T: list[float],
    S: list[float],
    first: int,
    start: float,
    n: int,
    KM: float,
    end: float,
    D: int | None,
    so_far: int,
    censored: list[list[float]],
    marks: list[float] | None = None,
) -> tuple[list[int], list[float]]:
    """After the last printed number: the censoring rate of before, or what the total of events asks for."""
    rate = sum(map(len, censored)) / start if start > 0.0 else 0.0
    c = min(int(rate * (end - start) + 0.5), n) if end > start else 0
    if marks is not None:
        c = min(len(marks), n)
    if D is not None and so_far >= D:
        return [0] * (len(T) - first), spread(start, end, c, marks) if end > start else []
    best, seen = None, set()
    for _ in range(MOST_ROUNDS):
        seen.add(c)
        C = spread(start, end, c, marks)
        events, left, _, excess = walk(T, S, first, len(T), n, KM, C)
        if left < 0:  # nobody was left to be censored at the latest of these times
            C, left = C[: max(len(C) + left, 0)], 0
        gap = 0 if D is None else so_far + sum(events) - D
        if best is None or abs(gap) < abs(best[0]):
            best = (gap, events, C, left, excess)
        c = min(max(c + gap, 0), n) if end > start else 0
        if gap == 0 or c in seen:
            break
    assert best is not None  # the loop ran at least once
    gap, events, C, left, excess = best
    if gap > 0 or (gap < 0 and left >= -gap and events):
        events, _ = settle(T, S, first, len(T), n, KM, C, events, excess, -gap)
    return events, C
