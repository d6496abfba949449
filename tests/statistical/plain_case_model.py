"""The case model a second time, in plain numpy, written from the words of its scenario and of two strategy files.

Surgery, after which some walk again, then 44 Gy once `radiotherapy_start` has come, if the tumour is still controlled; half a cycle of chemotherapy, which
does nothing; at progression, if those 44 Gy were completed and she is not too ill, 40 Gy again with two cycles of toripalimab; then
anlotinib. Either drug may kill. Some non-tumour deaths follow a withdrawal of care. Walking is lost on the way and changes no hazard.
Nothing of the package is imported.
"""

from __future__ import annotations

import numpy as np

COURSE, TORIPALIMAB, ANLOTINIB, SPARED = 1.0, 1.38, 48.0, 12.0
"""Months that 44 Gy take, two cycles of toripalimab (the second course is over sooner), anlotinib at most, walking is spared."""


def survival(p, at, patients, rng, *, treated):
    """Share alive at times `at` (months) under the numbers `p` of one parameter draw; `treated`: as the index patient."""
    life = lives(p, patients, rng, treated=treated)
    return np.array([(life["end"] > t).mean() for t in np.atleast_1d(at)])


def months_walking(life, tau):
    """Mean months of the first `tau` in which a patient lives and walks."""
    return np.minimum(np.minimum(life["lame"], life["end"]), tau).mean()


def lives(p, n, rng, *, treated):
    """For each of `n` patients the time of death, whether care was withdrawn before it, and when she no longer walks."""
    hidden = rng.gamma(1.0 / p["frailty_variance"], p["frailty_variance"], n)
    # radiotherapy multiplies the hazard of progression from its start on, for longer than anybody here is followed
    start = p["radiotherapy_start"] if treated else np.inf
    progressed = weibull_then_changed(rng, p, hidden, start, p["hr_radiotherapy"])
    other = rng.exponential(size=n) / p["other_death_rate"]
    # after progression other deaths come more often; the tumour begins to kill
    later = rng.exponential(size=n) / (p["other_death_rate"] * p["other_death_ratio_progressed"])
    rate = p["tumour_death_rate"] * hidden
    if treated:
        wait = np.maximum(p["reirradiation_delay"], start + COURSE + p["least_interval"] - progressed)
        fit = rng.random(n) < p["p_treated_again"]
        again = np.where(fit & (progressed > start + COURSE), wait, np.inf)
        harmed = (rng.random(n) < p["p_immune_toxicity"]) & treated
        onset = np.where(harmed, rng.exponential(size=n) / p["toxicity_onset_rate"], np.inf)
        maintenance = again + np.maximum(np.minimum(TORIPALIMAB, onset), 0.92)
        second = p["hr_focal_radiotherapy"] * p["hr_craniospinal"]
        tumour = piecewise(rng, rate, again, maintenance, second, second * p["hr_anlotinib_progressed"])
        poisoned = np.minimum(
            killed(
                rng,
                n,
                p["p_fatal_checkpoint"],
                p["toxicity_onset_rate"],
                again,
                np.minimum(TORIPALIMAB, onset),
            ),
            killed(rng, n, p["p_fatal_antiangiogenic"], p["toxicity_onset_rate"], maintenance, ANLOTINIB),
        )
        tumour = np.minimum(tumour, poisoned)
    else:
        tumour, again = rng.exponential(size=n) / rate, np.full(n, np.inf)
    end = np.where(other < progressed, other, progressed + np.minimum(later, tumour))
    unwell = (other < progressed) | (later < tumour)
    withdrawn = unwell & (rng.random(n) < p["p_withdrawal"])
    # walking: had again by some after surgery, lost slowly under control, faster after progression, less so once irradiated again
    walks = rng.random(n) < p["p_walks_again"]
    kept = rng.exponential(size=n) / p["walking_loss_rate"]
    loss = np.full(n, p["walking_loss_rate_progressed"])
    ratio = p["hr_walking_loss"]
    afterwards = piecewise(rng, loss, again, again + SPARED, ratio, 1.0)
    lame = np.where(walks, np.where(kept < progressed, kept, progressed + afterwards), 0.0)
    return {"end": end, "withdrawn": withdrawn, "lame": lame}


def killed(rng, n, share, rate, start, duration):
    """Times of death by a drug given from `start` for `duration`: some die, soon after they began it, none after its end."""
    after = np.where(rng.random(n) < share, rng.exponential(size=n) / rate, np.inf)
    return np.where(after < duration, start + after, np.inf)


def weibull_then_changed(rng, p, hidden, start, ratio):
    """Times with cumulative hazard hidden * (t / scale)^shape, its growth multiplied by `ratio` after `start`."""
    shape, scale = p["progression_shape"], p["progression_scale"]
    due = rng.exponential(size=hidden.size) / hidden
    before = (start / scale) ** shape if np.isfinite(start) else np.inf
    grown = np.where(due <= before, due, before + (due - before) / ratio if np.isfinite(before) else due)
    return scale * grown ** (1.0 / shape)


def piecewise(rng, rate, first, then, ratio, later_ratio):
    """Times with hazard `rate`, times `ratio` from `first` on and times `later_ratio` from `then` on."""
    due = rng.exponential(size=rate.size) / rate
    with np.errstate(invalid="ignore"):
        from_first = first + (due - first) / ratio
        from_then = then + (due - first - (then - first) * ratio) / later_ratio
    treated = np.where(from_first < then, from_first, from_then)
    return np.where((due < first) | ~np.isfinite(first), due, treated)
