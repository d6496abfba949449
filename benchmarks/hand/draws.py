"""The model of analysis 03 by hand: each patient followed event by event in one compiled loop, nothing checked or explained.

The same states, lines, effects, adverse events, doses and myelopathy under the first six strategies, on common luck; of every
draw the sums of 33 measures, their products between strategies, and how many are in each state at each point of the grid.
"""

from __future__ import annotations

import math
from typing import Any

import numba
import numpy as np

INF, HORIZON, TAU, STEP, POINTS = math.inf, 60.0, 24.0, 0.25, 241
WALKING, CONTROLLED, WALKING_PROGRESSED, PROGRESSED, TUMOUR, RESPIRATORY, WITHDRAWAL, OTHER, TREATMENT = (
    range(9)
)
RT, DOUBLET, HALF, AGAIN, CHECKPOINT, ANLOTINIB = range(6)
DURATION = np.array([1.0, 6 * 0.69, 0.35, 0.92, 2 * 0.69, 48.0])
STOPPING, MANAGED, FATAL_DOUBLET, IMMUNE, FATAL_CHECKPOINT, FATAL_ANLOTINIB = range(6)
OF_TREATMENT = np.array([DOUBLET, DOUBLET, DOUBLET, CHECKPOINT, CHECKPOINT, ANLOTINIB])
GRADE = np.array([3, 3, 5, 3, 5, 5])
FATAL = np.array([False, False, True, False, True, True])
# chemotherapy (0 none, 1 six cycles, 2 half a cycle), again irradiated, with toripalimab, anlotinib after it
STRATEGIES = np.array(
    [[0, 0, 0, 0, 0], [1, 0, 0, 0, 0], [1, 1, 0, 0, 0], [1, 0, 1, 0, 0], [1, 1, 1, 0, 0], [1, 2, 1, 1, 1]]
)
NAMES = (
    "progression_shape", "progression_scale", "tumour_death_rate", "walking_loss_rate", "walking_loss_rate_progressed",
    "respiratory_death_rate", "withdrawal_death_rate", "remaining_death_rate", "respiratory_death_rate_progressed",
    "withdrawal_death_rate_progressed", "remaining_death_rate_progressed", "hr_radiotherapy", "hr_chemotherapy",
    "hr_focal_radiotherapy", "hr_craniospinal", "hr_walking_loss", "hr_anlotinib_progressed", "p_walks_again",
    "p_treated_again", "p_leukopenia_stopping", "p_leukopenia_managed", "p_fatal_chemotherapy", "p_immune_toxicity",
    "p_fatal_checkpoint", "p_fatal_antiangiogenic", "toxicity_onset_rate", "myelopathy_meanlog", "radiotherapy_start",
    "systemic_gap", "reirradiation_delay", "least_interval", "utility_walking", "utility_not_walking",
    "utility_progressed_walking", "utility_progressed", "frailty_variance",
)  # fmt: skip
SHAPE, SCALE, DIES, LOSES, RATES = 0, 1, 2, 3, 5
HR_RT, HR_DOUBLET, HR_FOCAL, HR_CRANIOSPINAL, HR_LOSS, HR_ANLOTINIB = range(11, 17)
WALKS, ACCEPTS, HARMS = 17, 18, 19
ONSET, MEANLOG, BEGINS, GAP, DELAY, INTERVAL, UTILITY = range(25, 32)
VARIANCE = 35
LUCK = 20 + 9
"""Of a patient: exponentials of five ways out of each of four states, then uniforms: the start, consent, six adverse events,
and the myelopathy."""
MEASURES = 33


@numba.njit(cache=True, inline="always")
def acts(t, given_at, ended_at, on, lasts, least):
    """Whether an effect of a treatment is in force."""
    return given_at < INF and t < given_at + lasts and (on or ended_at - given_at >= least)


@numba.njit(cache=True, inline="always")
def factors(p, t, state, frailty, given_at, ended_at, on):
    """Hazard ratios of the next stage and of losing the ability to walk."""
    stage, loss = frailty, 1.0
    if state <= CONTROLLED:
        if acts(t, given_at[RT], ended_at[RT], on[RT], 68.0, 0.9):
            stage *= p[HR_RT]
        if acts(t, given_at[DOUBLET], ended_at[DOUBLET], on[DOUBLET], 60.0, 1.38):
            stage *= p[HR_DOUBLET]
        return stage, loss
    if acts(t, given_at[AGAIN], ended_at[AGAIN], on[AGAIN], 12.0, 0.5):
        stage *= p[HR_FOCAL]
        loss = p[HR_LOSS]
    if acts(t, given_at[AGAIN], ended_at[AGAIN], on[AGAIN], 26.8, 0.5):
        stage *= p[HR_CRANIOSPINAL]
    if on[ANLOTINIB]:
        stage *= p[HR_ANLOTINIB]
    return stage, loss


@numba.njit(cache=True, inline="always")
def hazard(p, state, t):
    """Cumulative hazard of the next stage."""
    return (t / p[SCALE]) ** p[SHAPE] if state <= CONTROLLED else p[DIES] * t


@numba.njit(cache=True, inline="always")
def reached(p, state, h):
    """When the cumulative hazard of the next stage is `h`."""
    return p[SCALE] * h ** (1.0 / p[SHAPE]) if state <= CONTROLLED else h / p[DIES]


@numba.njit(cache=True, inline="always")
def eqd2(dose):
    """Of the region that had most: its dose, since every fraction is of 2 Gy, whatever the ratio of alpha to beta."""
    return max(dose[0] + dose[1], dose[2])


@numba.njit(cache=True)
def risk(model, dose):
    """Of myelopathy, by Schultheiss or by Lyman and Burman."""
    if dose <= 0.0:
        return 0.0
    if model == 0:
        return 1.0 / (1.0 + (69.4 / dose) ** 18.721)
    return 0.5 * math.erfc(-(dose - 66.5) / (0.175 * 66.5) / math.sqrt(2.0))


@numba.njit(cache=True)
def deliver(t, k, given_at, dose, radiated, x):
    """Whole fractions of a course that ends now; when the last one before it ended."""
    share = min((t - given_at[k]) / DURATION[k], 1.0)
    if k == RT:
        dose[0] = 2.0 * math.floor(22 * share + 1e-9)
    else:
        dose[1], dose[2] = 2.0 * math.floor(10 * share + 1e-9), 2.0 * math.floor(20 * share + 1e-9)
        x[22] = given_at[k] - radiated
    return t


@numba.njit(cache=True, inline="always")
def begin(p, plan, t, line, z, at, given_at, on, x):
    """The treatments of a line begin, and with them what harm they may do; lines are called after their first treatment."""
    last = CHECKPOINT if line == AGAIN and plan[3] else line
    for k in range(line, last + 1):
        on[k], given_at[k], at[1 + k] = True, t, t + DURATION[k]
        for e in range(6):
            chance = p[HARMS + e]
            if OF_TREATMENT[e] == k and z[22 + e] <= chance:
                at[7 + e] = t - math.log1p(-z[22 + e] / chance) / p[ONSET]
    x[12 if line == RT else 14 if line == AGAIN else 15 if line == ANLOTINIB else 13] = 1.0


@numba.njit(cache=True, inline="always")
def soonest(at):
    """What comes next before the horizon, and when; -1 for nothing."""
    code, when = -1, HORIZON
    for k in range(19):
        if at[k] < when:
            code, when = k, at[k]
    return code, when


@numba.njit(cache=True)
def follow(p, plan, z, frailty, onset, at, given_at, ended_at, on, dose, x, counts):  # noqa: C901
    """One patient under one strategy: what is measured goes to `x`, moves between states to `counts`."""
    state = WALKING if z[20] <= p[WALKS] else CONTROLLED
    t, progressed, radiated, ill0, ill1 = 0.0, INF, -INF, INF, INF
    line, rt_done, asked = -1, False, False
    # at: 0 next line, 1-6 ends of treatments, 7-12 adverse events, 13 change of an effect, 14 stage, 15 walking lost, 16-18 deaths
    at[:], given_at[:], ended_at[:], on[:], dose[:], x[:] = INF, INF, -INF, False, 0.0, 0.0
    counts[state, 0] += 1
    next_line, entered, revised = RT, True, False
    if plan[0]:
        at[0] = p[BEGINS]
    stage_left = loss_left = since = stage = loss = 0.0
    while True:
        if entered:
            late = state >= WALKING_PROGRESSED
            stage_left, loss_left, since = z[5 * state], z[5 * state + 1], t
            stage, loss = factors(p, t, state, frailty, given_at, ended_at, on)
            at[14] = reached(p, state, hazard(p, state, t) + stage_left / stage)
            walks = state in (WALKING, WALKING_PROGRESSED)
            at[15] = t + loss_left / (loss * p[LOSES + late]) if walks else INF
            for k in range(3):
                at[16 + k] = t + z[5 * state + 2 + k] / p[RATES + 3 * late + k]
        elif revised:
            new, new_loss = factors(p, t, state, frailty, given_at, ended_at, on)
            if new != stage or new_loss != loss:
                h = hazard(p, state, t)
                stage_left -= stage * (h - hazard(p, state, since))
                at[14] = reached(p, state, h + stage_left / new)
                if at[15] < INF:
                    rate = p[LOSES + (state >= WALKING_PROGRESSED)]
                    loss_left -= loss * rate * (t - since)
                    at[15] = t + loss_left / (new_loss * rate)
                stage, loss, since = new, new_loss, t
        entered = revised = False
        code, when = soonest(at)
        live = min(when, TAU) - t
        if live > 0.0:
            x[2] += live * p[UTILITY + state]
            if state in (WALKING, WALKING_PROGRESSED):
                x[3] += live
        t = when
        if code < 0:
            break
        ends, target, stopped = -1, -1, False
        if code == 0:
            at[0] = INF
            if next_line == AGAIN and z[21] > p[ACCEPTS]:
                asked = True
            else:
                line = next_line
                begin(p, plan, t, line, z, at, given_at, on, x)
                revised = True
                if line == AGAIN:
                    asked = True
                    at[13] = t + 12.0
        elif code <= 6:
            ends = code - 1
        elif code <= 12:
            e = code - 7
            at[code], x[6 + e], x[5] = INF, 1.0, 1.0
            if FATAL[e]:
                target = TREATMENT
            elif e in (STOPPING, IMMUNE):
                ends, stopped = OF_TREATMENT[e], True
        elif code == 13:
            at[13] = given_at[AGAIN] + 26.8 if t < given_at[AGAIN] + 26.0 else INF
            revised = True
        elif code == 14:
            target = state + 2 if state <= CONTROLLED else TUMOUR
        elif code == 15:
            target = state + 1
        else:
            target = RESPIRATORY + code - 16
        if target >= 0:
            place = min(math.ceil(t / STEP), POINTS)
            counts[state, place] -= 1
            counts[target, place] += 1
            if target >= TUMOUR:
                state = target
                break
            if target >= WALKING_PROGRESSED and state <= CONTROLLED:
                progressed, at[0] = t, INF
                if line >= 0:
                    ends, stopped = line, True
            state, entered = target, True
        if ends >= 0 and on[ends]:
            on[ends], at[1 + ends], ended_at[ends], revised = False, INF, t, True
            for e in range(6):
                if OF_TREATMENT[e] == ends:
                    at[7 + e] = INF
            if ends in (RT, AGAIN):
                radiated = deliver(t, ends, given_at, dose, radiated, x)
                u = z[28]
                if ill0 == INF and u <= risk(0, eqd2(dose)):
                    ill0 = t + onset
                if ill1 == INF and u <= risk(1, eqd2(dose)):
                    ill1 = t + onset
            if not (line == AGAIN and (on[AGAIN] or on[CHECKPOINT])):
                if line == RT:
                    rt_done = not stopped
                if line == AGAIN and plan[4] and not stopped:
                    next_line, at[0] = ANLOTINIB, t
                elif line == RT and plan[1] and not stopped:
                    next_line, at[0] = DOUBLET if plan[1] == 1 else HALF, t + p[GAP]
                line = -1
        if state >= WALKING_PROGRESSED and entered and progressed == t and plan[2] and rt_done and not asked:
            next_line, at[0] = AGAIN, max(t + p[DELAY], radiated + p[INTERVAL])
    died = t if state >= TUMOUR else INF
    finish(t, died, progressed, ill0, ill1, radiated, given_at, on, dose, x)


@numba.njit(cache=True)
def finish(t, died, progressed, ill0, ill1, radiated, given_at, on, dose, x):
    """What is known of a patient when following ends."""
    for k in (RT, AGAIN):
        if on[k]:
            deliver(t, k, given_at, dose, radiated, x)
    x[0], x[1] = min(died, TAU), min(progressed, died, TAU)
    x[4] = eqd2(dose)
    last = min(died, HORIZON)
    x[16], x[17] = 1.0 * (ill0 < last), 1.0 * (ill1 < last)
    group = 1 if dose[0] > 0.0 and dose[1] > 0.0 else 0
    if dose[0] + dose[1] + dose[2] > 0.0:
        x[18 + group], x[20 + group] = 1.0, x[4]
        x[23 + group], x[25 + group] = risk(0, eqd2(dose)), risk(1, x[4])
    if group == 0:
        x[22] = 0.0
    for k in range(3):
        x[27 + k], x[30 + k] = 1.0 * (dose[k] > 0.0), dose[k]


@numba.njit(cache=True)
def everybody(p, strategies, z, frailty, onset, sums, products, counts):
    """All patients of a draw under every strategy: sums (strategies, measures) and products (strategies, strategies, measures)."""
    at, given_at, ended_at, on, dose = (
        np.empty(19),
        np.empty(6),
        np.empty(6),
        np.empty(6, np.bool_),
        np.empty(3),
    )
    n = len(strategies)
    x = np.empty((n, MEASURES))
    for i in range(len(frailty)):
        for s in range(n):
            follow(
                p,
                strategies[s],
                z[i],
                frailty[i],
                onset[i],
                at,
                given_at,
                ended_at,
                on,
                dose,
                x[s],
                counts[s],
            )
            for m in range(MEASURES):
                sums[s, m] += x[s, m]
            for r in range(s + 1):
                for m in range(MEASURES):
                    products[s, r, m] += x[s, m] * x[r, m]
    for s in range(n):
        for r in range(s):
            products[r, s] = products[s, r]


def simulate(parameters: dict[str, Any], draws: int, patients: int, seed: int) -> dict[str, np.ndarray]:
    """Means (draws, strategies, measures), covariances of the means, and patients in each state on the grid."""
    table = np.array([parameters[name][:draws] for name in NAMES]).T
    n = len(STRATEGIES)
    sums, products = np.zeros((draws, n, MEASURES)), np.zeros((draws, n, n, MEASURES))
    counts = np.zeros((draws, n, 9, POINTS + 1), np.int64)
    z = np.empty((patients, LUCK))
    for d, p in enumerate(table):
        rng = np.random.Generator(np.random.SFC64([seed, d]))
        z[:, :20], z[:, 20:] = rng.standard_exponential((patients, 20)), rng.random((patients, LUCK - 20))
        frailty = rng.standard_gamma(1.0 / p[VARIANCE], patients) * p[VARIANCE]
        onset = np.exp(p[MEANLOG] + 0.5 * rng.standard_normal(patients))
        everybody(p, STRATEGIES, z, frailty, onset, sums[d], products[d], counts[d])
    means = sums / patients
    centred = products / patients - means[:, :, None] * means[:, None]
    return {
        "means": means,
        "covariance": centred / (patients - 1),
        "counts": np.cumsum(counts, axis=3)[..., :POINTS],
    }
