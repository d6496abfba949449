"""From judgements of bias to the prior of a bias: the declared table is read, nothing is decided here."""

from __future__ import annotations

from survsim.core.errors import ScenarioError
from survsim.estimate.calibration.targets import Bias
from survsim.evidence.ask.store import EvidenceStore


def judged_bias(evidence: EvidenceStore, row: str, *, shared: str = "") -> Bias:
    """The bias of a published ratio, by its overall judgement and the table of priors.

    The row's judgements (``declared/bias.csv``) give one overall judgement for its tool; ``declared/bias_priors.csv`` holds
    mean and sd of the bias of a log ratio for each tool and judgement. Of several judges, and of several tools, the worst
    and the widest count.

    Parameters
    ----------
    evidence : the store that holds both tables.
    row : name of the number.
    shared : contrasts of one name are biased together.

    Returns
    -------
    Bias : on the log scale; its `ground` says tool, judgement, the domains that make it, who judged, and on what the prior
    rests.

    Raises
    ------
    ScenarioError : nobody judged the row, or no prior is declared for its judgement.
    EvidenceError : no number has this name.

    Example
    -------
    >>> import survsim
    >>> found = survsim.scenario.judged_bias(survsim.load_evidence(), "zhao_2016_sts_port_e01")
    >>> found.mean, found.sd
    (-0.15, 0.3)
    """
    judged = evidence.risk_of_bias([row])
    if judged.unjudged:
        raise ScenarioError(
            f"{row}: nobody judged its risk of bias; add rows to declared/bias.csv and curate, or declare mean, sd and ground."
        )
    priors = judged.priors()
    known = priors[priors["sd"].notna()]
    if known.empty:
        told = ", ".join(f"{t} {w}" for t, w in zip(priors["tool"], priors["overall"]))
        raise ScenarioError(
            f"{row}: no prior of a bias is declared for {told}; add a row to declared/bias_priors.csv, or declare mean, sd "
            "and ground."
        )
    worst = known.loc[known["sd"].idxmax()]
    table = evidence.bias_priors
    basis = table[(table["tool"] == worst["tool"]) & (table["judgement"] == worst["overall"])]["basis"].iloc[
        0
    ]
    judges = ", ".join(dict.fromkeys(judged.judge))
    domains = f" for {worst['because']}" if worst["because"] else ""
    word = str(worst["overall"]).replace("_", " ")
    return Bias(
        mean=float(worst["mean"]),
        sd=float(worst["sd"]),
        ground=f"{worst['tool']}: {word}{domains}, by {judges}; prior of bias_priors.csv: {basis}",
        shared=shared,
    )
