"""survsim: from the little that is published on a rare cancer to answers that can be trusted.

What is typed weekly stands on top (`survsim.kaplan_meier`, `survsim.cox_ph`, `survsim.meta_analysis`,
`survsim.load_evidence`, `survsim.simulate`; `dir(survsim)` has them all). Everything has a wing, and
`help(survsim.cox)` goes on from here:

    nonparametric   Survival curves and tests without a model: Kaplan-Meier, log-rank, restricted means, landmarks.
    cox             Cox regression: ties, strata, frailty, penalties, checks of the model, prediction and validation.
    parametric      Parametric survival: families, splines, cure, averaging, background mortality.
    competing       Competing risks and multistate models: Aalen-Johansen, Gray, Fine-Gray, occupancy.
    causal          Treatments compared without randomisation: weights, standardisation, cloning.
    resampling      The bootstrap over any estimator.
    printed         Numbers as papers print them, turned into effect sizes or refused with a reason.
    digitising      Published figures turned into curves, censor marks and numbers at risk, with a stated tolerance.
    reconstruction  Published curves and risk tables turned back into patients.
    synthesis       Studies pooled: meta-analysis, meta-regression, networks, pooled curves and medians.
    borrowing       Priors from earlier studies: MAP, power, commensurate; what was borrowed.
    joint_model     One model over patients, curves, summaries and cases.
    calibration     A course of disease calibrated to what was published, endpoint by endpoint.
    evidence        What the literature says: reads, checks, finds, cites; never computes.
    simulation      Patients, strategies, outcomes: models declared, run, compared, and what knowing more is worth.
    radiotherapy    Doses to the cord: BED and EQD2, recovery, risk of myelopathy, re-irradiation criteria.
    trials          Trials designed and simulated: power, assurance, looks, many trials analysed at once.
    scenario        Evidence, estimates and simulation together: scenarios, targets, one patient in context.
    distributions   Survival distributions: what estimators return, scenarios combine and the engine draws from.
    figures         What is added to curves, looks of journals, files, pictures of no result's own; `result.plot()` draws.
    report          What a reader receives: numbers kept with their ancestry, prose, tables, references, notebooks.
    errors          The errors and warnings of the package; all errors are `SurvsimError`.

Start with `Surv.right(time, event, unit="months")`, then `kaplan_meier(surv).plot()`. Names are loaded when first
used: importing the package costs nothing.
"""

from survsim import _public
from survsim._version import __version__ as __version__

__getattr__ = _public.on_top
__dir__ = _public.names_on_top
