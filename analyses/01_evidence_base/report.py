# %% [markdown]
# # What is known about carcinosarcoma, and what is not
#
# **Question.** A patient with carcinosarcoma of the spinal canal has been treated, and has died. Before
# any treatment strategy for her is simulated: what does the literature on carcinosarcoma hold, how good is
# it, where are the gaps? And, as one question it can answer: does adding a second drug to ifosfamide prolong
# survival?

# %%
import survsim

evidence = survsim.load_evidence()
numbers = survsim.report.load_ledger("01_evidence_base")
trials = survsim.report.load_results("trials")

# %%
survsim.report.prose(
    numbers,
    """
## Data

{estimates.all} published numbers from {studies.all} studies and {cases.all} single cases were typed in as
printed, each with its place in the source. {studies.index} studies are about carcinosarcoma itself,
{studies.mixed} about mixed populations, {studies.surrogate} about surrogates (tumours of the spine and the
brain, soft-tissue sarcoma, tolerance of the spinal cord) and {studies.control} about control histologies;
controls and surrogates are never pooled as carcinosarcoma. **{studies.read_in_full} studies were read in
full**: nearly all numbers come from abstracts, which select their numbers. Studies that share patients form
{overlaps.clusters} clusters of which a pooled analysis may use one member only.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("designs"),
    title="Studies by design and population",
    labels={
        "design": "design",
        "index": "carcinosarcoma",
        "mixed": "mixed",
        "surrogate": "surrogate",
        "control": "control",
        "all": "all",
    },
    notes="Surrogates inform the parts of the model that concern the spinal canal, and nothing else.",
)

# %%
survsim.report.table(
    survsim.report.load_results("coverage"),
    title="Published numbers on carcinosarcoma by endpoint and measure",
    notes="One row of the table of estimates each, treatment arms and prognostic groups together.",
)

# %% [markdown]
# The map shows what was studied where, with one study of each cluster that shares patients; empty cells are gaps.

# %%
evidence.select().map().plot(endpoints=("overall_survival", "progression_free_survival"))
# %%
survsim.report.prose(
    numbers,
    """
## Gaps

Of the {studies.index} studies of carcinosarcoma {studies.index_randomised} are randomised, and so are
{ratios.index_randomised} of the {ratios.index} hazard ratios; {ratios.index_with_interval} of these ratios
have both limits of an interval. Of {probabilities.index} survival probabilities only
{probabilities.index_with_interval} have an interval. No curve has been digitised so far
({curves.points} points), and nowhere is person-time stated. For carcinosarcoma of the central nervous system
there are {cases.strict_cns} single cases and no series at all: whatever is said about treatment there is
carried over from other sites.
""",
)

# %% [markdown]
# ## One question: a second drug beside ifosfamide
#
# **Selection.** Randomised comparisons of overall survival in uterine carcinosarcoma in which the experimental
# arm is an ifosfamide doublet and the control arm is not. A trial with an ifosfamide doublet as its *control*
# answers another question and is left out. Registry comparisons are left out as well: there fitness
# decides who is given a drug, and only patients who live long enough can receive it. A published review that
# pools two of these trials shares their patients and is used for comparison only.

# %%
survsim.report.table(
    trials,
    title="The randomised comparisons",
    labels={
        "trial": "trial",
        "arm_label": "experimental arm",
        "control": "control",
        "stage": "stage",
        "value": "HR",
        "conf_low": "lower",
        "conf_high": "upper",
        "route": "standard error from",
        "evidence_grade": "grade",
    },
    notes=[
        "HR: hazard ratio of death as printed, experimental over control. Limits as printed: one trial gives "
        "a one-sided upper limit only.",
        "Grade: A randomised; the figure says how near to the index case (carcinosarcoma in the spinal canal, then in "
        "the nervous system, then elsewhere, then other tumours); last, what was read.",
    ],
)

# %%
survsim.read_result(survsim.report.results_folder("01_evidence_base") / "pooled.json").plot(
    measure="Hazard ratio of death",
    sides=("favours doublet", "favours control"),
    limits=(0.4, 1.6),
)
# %%
survsim.report.prose(
    numbers,
    """
## Result

The {doublet.k} trials agree: the pooled hazard ratio is {doublet.hazard_ratio:.2f ci}, with no sign of
heterogeneity (I² {doublet.i2:.0f}%; but {doublet.k} trials would not show it: a between-study variance as
large as {doublet.tau2:.2g high} fits as well). In a new trial of this kind the true hazard ratio is expected
within {doublet.new_study:.2f limits}; this prediction interval equals that of the mean, because the
between-study variance is estimated at its boundary, {doublet.tau2:.0f}. With {doublet.k} trials the interval uses Student's t with few degrees of
freedom; the normal interval that is often printed would be {doublet.normal:.2f ci}, and it takes the absence
of heterogeneity for granted.

As a check of the standard errors, one of which had to be computed from a one-sided limit: the two trials
against ifosfamide alone, pooled with a common effect as the Cochrane review did, give
{doublet.v_ifosfamide:.2f ci}; the review printed {doublet.published_pool:.2f ci}.
""",
)

# %% [markdown]
# ## Limits
#
# - Two trials were run in advanced or recurrent disease against ifosfamide alone, the third after surgery and
#   against irradiation: a common effect is a working assumption.
# - Abstracts and one review table were read, not the articles. One hazard ratio is printed as a relative rate.
# - Survival only: what the second drug costs in toxicity is no part of this pooling.
# - All patients had uterine tumours. Nothing here was observed in the spinal canal.
#
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, evidence)
