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
results = survsim.report.results_folder("01_evidence_base")

# %%
survsim.report.prose(
    numbers,
    """
## Data

{estimates.all} published numbers from {studies.with_numbers} studies and {cases.all} single cases were typed in as
printed, each with its place in the source. Of {studies.all} studies {studies.index} are about carcinosarcoma itself,
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

# %%
survsim.report.prose(
    numbers,
    """
## How numbers came in

The rule stands in `protocol.yml`, and the counts below follow from it; the first step is what was seen and not taken in,
{seen.studies_out} of {seen.studies} studies. It is no systematic review: the searches were made by reading, most without a
record of how much was seen, so that the first box holds only what somebody wrote down.
""",
)

# %%
survsim.read_result(results / "flow_search.json").plot()
# %%
survsim.report.table(
    survsim.report.load_results("searches"),
    title="Searches",
    labels={
        "question": "what was sought",
        "where": "where",
        "date": "date",
        "searches_n": "searches",
        "found_n": "seen",
        "included_n": "studies taken in",
        "numbers_n": "numbers",
    },
    notes="An empty cell was not recorded when the search was made.",
)

# %% [markdown]
# The map shows what was studied where, with one study of each cluster that shares patients; grey squares are gaps. Its
# first line is the question of this project: for the central nervous system there is no group of patients, only the
# single cases below.

# %%
evidence.select().map(also=("cns",)).plot(endpoints=("overall_survival", "progression_free_survival"))
# %%
survsim.report.table(
    survsim.report.load_results("completeness"),
    title="What is filled in of the fields that decide what may be pooled, carcinosarcoma",
    labels={
        "table": "table",
        "field": "field",
        "rows": "asked of",
        "filled": "told",
        "percent": "%",
        "to_do": "what to read for the rest",
    },
    decimals={"percent": 0},
    notes="Asked of: rows to which the field applies. A cell that says not reported counts as missing.",
)

# %%
survsim.report.prose(
    numbers,
    """
## What is known of the nervous system

{cases.strict_cns} published patients had carcinosarcoma (or an equivalent with both components) in the nervous system or
its coverings: {cases.spinal} in the spinal canal, {cases.intracranial} in the head. Only {cases.primary} arose there, and
{cases.primary_spinal} of them in the spinal canal, which is the index case. {cases.timed_deaths} deaths have a printed time,
{cases.alive} patients were last known alive, and of {cases.without_time} nothing is told about how long they lived. The
index case lived longest of those who died, {cases.longest_death:.0f}; the longest of the others was
{cases.longest_other_death:.0f}. This is selection as much as course: a case is reported because it is unusual. There is no
series, no comparison and no curve.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("cases"),
    title="Carcinosarcoma of the nervous system, case by case",
    labels={
        "case": "case",
        "place": "where",
        "patient": "age, sex",
        "primary_site": "primary",
        "surgery": "surgery",
        "radiotherapy": "radiotherapy",
        "systemic": "systemic treatment",
        "survival": "from the lesion",
    },
    notes="Times count from the finding of the lesion or its surgery. Not told: not in the text that was read, which is an "
    "abstract or less for all but the index case.",
)
# %%
survsim.read_result(results / "case_bias.json").plot()

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
# arm is an ifosfamide doublet and the control arm is ifosfamide alone. GOG-150 stands apart: its control is whole abdominal
# irradiation after surgery, which answers another question; what it would change is shown below. A trial with an
# ifosfamide doublet as its *control* is left out, and so are registry comparisons: there fitness
# decides who is given a drug, and only patients who live long enough can receive it. A published review that
# pools the two trials shares their patients and is used for comparison only.

# %%
survsim.read_result(results / "flow_doublet.json").plot()
# %%
survsim.report.table(
    trials,
    title="The randomised comparisons; the trial against irradiation answers another question",
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
survsim.read_result(results / "bias.json").plot()
# %%
survsim.report.prose(
    numbers,
    """
## Result

Against ifosfamide alone the two trials give {doublet.v_ifosfamide:.2f ci} under a common effect; the published review that
pooled them printed {doublet.published_pool:.2f ci}, which checks our standard errors, one of which had to be computed from a
one-sided limit. Two trials cannot say how far effects differ between trials: with a prior for what they cannot tell, the
mean is {alone.hazard_ratio:.2f ci}, and the true ratio of a new trial is expected within {alone.new_study:.2f limits}.
Certainty that this speaks for the patient of this project: **{alone.certainty}**.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("certainty"),
    title="Certainty, doublet against ifosfamide alone, for a carcinosarcoma of the spinal canal",
    labels={"domain": "domain", "step": "levels", "reason": "reason"},
    decimals={"step": 0},
    notes="Levels below high, in the manner of GRADE; thresholds as survsim.scenario.certainty states them.",
)

# %% [markdown]
# ### With the trial against irradiation

# %%
survsim.read_result(results / "pooled.json").plot(
    measure="Hazard ratio of death",
    sides=("favours doublet", "favours control"),
    limits=(0.4, 1.6),
)
# %%
survsim.report.prose(
    numbers,
    """
All {doublet.k} trials pooled: {doublet.hazard_ratio:.2f ci}, with no sign of heterogeneity (I² {doublet.i2:.0f}%; but
{doublet.k} trials would not show it: a between-study variance as large as {doublet.tau2:.2g high} fits as well). How far a
new trial may be from that depends on the formula more than on the trials: {doublet.new_study:.2f limits} by the modified
Knapp-Hartung error with one degree of freedom less than there are trials, {doublet.new_study_k_minus_2:.2f limits} by the
classical interval with two less, which leaves a single one and nearly no end (limits are taken as printed, GOG-150 with
three decimals; rounded to two first, the upper end rises by a hundredth). The normal interval of the mean that is often
printed would be {doublet.normal:.2f ci}; it takes the absence of heterogeneity for granted.
""",
)

# %% [markdown]
# ## Limits
#
# - Two trials carry the answer. The third was run after surgery and against irradiation: pooling it assumes that this does
#   not matter.
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
