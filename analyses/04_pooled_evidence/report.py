# %% [markdown]
# # What the published survival of carcinosarcoma says together
#
# **Question.** Patients with their times, single cases, medians and survival probabilities are all that is
# published. What do they say in one model, for a new study and for a site that nobody has studied?

# %%
import survsim

numbers = survsim.report.load_ledger("04_pooled_evidence")

# %%
survsim.report.prose(
    numbers,
    """
**Answer.** For advanced disease at a site that nobody has studied, such as the spinal canal, the predicted median
survival is **{new_site.transport_0_5.median:.1f ci unit}**: somewhere between weeks and years. For a new study of
advanced disease of the uterus it is {new_study.advanced_uterus.median:.1f ci unit}, of the ovary
{new_study.advanced_ovary.median:.1f ci unit}.

**It hangs on one cohort.** Without the {terms.patients} patients of TCGA the median at the new site is
**{without.tcga_ucs.median:.1f unit}** in place of {new_site.transport_0_5.median:.1f unit}, although the cohort is
{without.tcga_ucs.share:.0%} of the information; no other study of those that weigh most moves it so far
({without.lowest:.1f} to {without.highest:.1f unit} over all that were left out). Two things meet. TCGA is the only
cohort with a time for each patient, so it says within one study what advanced disease does: a hazard ratio of
{model.hazard_ratio.advanced:.1f} with it, {without.tcga_ucs.ratio_advanced:.1f} without. And the predicted curve is flat
where it crosses one half, so a small step down moves the median far: alive at a year are {without.tcga_ucs.at_12:.0%} in
place of {new_site.transport_0_5.at_12:.0%}. The survival at a year is the steadier number.

**Median and mean are two questions.** The numbers above are those of the middle study of all that might be done at the new site, so
half of its patients live past {new_site.transport_0_5.median:.1f unit}; the next *patient*, whose study nobody knows, is counted over all
studies at once, and of such patients half live past {new_site.next_patient.half:.1f unit} and {new_site.next_patient.longer:.0%} past the
{new_site.next_patient.time:.0f unit} of the index case. The two would meet if studies scattered evenly around their middle on the scale of
survival; they are taken to scatter on that of the log hazard, and widely. The report on the case in its context counts patients.
""",
)

# %%
influence = survsim.report.load_results("influence", "04_pooled_evidence")
survsim.report.table(
    influence,
    title="Advanced disease at a new site: what one study left out changes",
    labels={
        "left_out": "left out",
        "share": "share of the information",
        "median": "median survival, months",
        "conf_low": "95% low",
        "conf_high": "95% high",
        "at_12": "alive at 12 months",
        "ratio_advanced": "hazard ratio of advanced disease",
    },
    decimals=2,
    notes="The studies that contribute most, and the cohort of patients; the stated transport variance is in each row.",
)

# %%
influenced = survsim.figures.prediction_curves(
    survsim.report.load_results("influence_curves", "04_pooled_evidence"),
    unit="months",
    until=60,
    columns=2,
    labels={"nothing": "new site, all evidence", "tcga_ucs": "new site, without TCGA"},
)

# %%
survsim.report.prose(
    numbers,
    """
The new site carries a stated extra standard deviation of {new_site.transport_0_5.extra_sd:.1f} on the log hazard. Were it
one more of the seen kind, the median would be {new_site.transport_0.median:.1f ci unit}; with
{new_site.transport_1.extra_sd:.1f} it would be {new_site.transport_1.median:.1f ci unit}. The extra is an assumption:
nothing in the data can say how far the spinal canal is from the uterus. It widens the interval and leaves the middle.
""",
)

# %%
survsim.report.prose(
    numbers,
    """
## What enters

{terms.summaries} published summaries, the {terms.patients} patients of the TCGA cohort and {terms.cases} single
patients with disease of the central nervous system, together {model.studies} studies and cases. The index case is
left out. {terms.summaries.left_out} rows of summaries could not enter; the table at the end says why. A number printed without interval
and without the number of patients has no error and cannot be weighed.

The likelihood is piecewise exponential. Patients and cases enter with their own likelihood. A survival probability or
a median that is printed with an interval enters as a normal term on the logarithm of the model's cumulative hazard,
with that error: {terms.summaries.with_interval} of {terms.summaries} do. The others are printed with the number of
patients alone and enter as counts, as if everybody had been followed to that time: the most that such a number can
mean, and more than it often does. Each study has its own level, each site too, and both variations are estimated with the rest, under priors that keep them
off zero, so that an interval for a new study is not too narrow.
""",
)

# %%
survsim.report.prose(
    numbers,
    """
## By site and extent

Advanced disease multiplies the hazard of death by {model.hazard_ratio.advanced:.2f ci}, recurrent disease by another
{model.hazard_ratio.recurrent:.2f ci}. Both are comparisons between studies as much as within them. The standard
deviation between studies of one site is {model.sd.study:.2f ci} on the log hazard, between sites {model.sd.site:.2f ci}.
Compare the two before reading a difference between sites as one of organs: it is as easily one of who was studied.
All evidence together is as informative as {share.events:.0f} deaths; most of that rests on numbers of patients without
any printed error, taken as fully followed, and is an upper bound.

For a **new study** of the uterus the predicted median is {new_study.early_uterus.median:.1f ci unit} in early disease,
{new_study.advanced_uterus.median:.1f ci unit} in advanced and {new_study.recurrent_uterus.median:.1f ci unit} in
recurrent disease. The intervals are wide because a new study is not the mean of the old.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("model", "04_pooled_evidence"),
    title="Parameters of the model (log hazards; standard deviations as they are)",
)

# %%
predicted = survsim.figures.prediction_curves(
    survsim.report.load_results("predictions", "04_pooled_evidence"), unit="months", until=60
)
# %%
survsim.report.table(
    survsim.report.load_results("contributions", "04_pooled_evidence")
    .sort_values("share", ascending=False)
    .head(15)[["term", "kind", "site", "information", "share"]],
    title="The fifteen terms that contribute most (information in events)",
)

# %%
survsim.report.prose(
    numbers,
    """
## The same without a model

Pooling the printed points of the uterus as they stand, every stage together, gives {points.24:.0% ci} alive at two years
from {points.24.studies} studies (a new study {points.24.new_study:.0% ci}) and {points.60:.0% ci} at five years from
{points.60.studies} ({points.60.new_study:.0% ci}). Nearly all are printed without an interval: their error is twice the
binomial variance, an assumption. That the later number is no lower than the earlier says who enters: other studies.
The four stages of the TCGA cohort, each taken as a study, pool to {stages.24:.0% ci} at two years. The picture has them
at the times at which they were read, with nothing between. How far the bar of a new stage reaches around the mean is
what a model with stage in it explains.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("pooled_points", "04_pooled_evidence"),
    title="Published survival of the uterus, pooled at fixed months",
)

# %%
survsim.read_result(survsim.report.results_folder("04_pooled_evidence") / "pooled_curve.json").plot()
# %%
survsim.report.prose(
    numbers,
    """
## Randomised trials as a prior

{trials.studies} randomised comparisons with chemotherapy in the uterus give a log hazard ratio for a *new* trial of
{trials.new_study:.2f ci}, worth {trials.ess:.0f} events. They compare different treatments, in one trial drugs with irradiation
of the abdomen: the prior says how large effects have been, not what to give. With a vague component of weight {trials.vague_weight:.1f}, a new trial that agrees leaves that
component at {trials.new_same.vague_weight:.2f}; one that contradicts it takes that to
{trials.new_opposite.vague_weight:.2f}: the share of the answer that is the new trial's own.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("left_out", "04_pooled_evidence"), title="Rows that could not enter, and why"
)

# %% [markdown]
# ## What came in
#
# The rules stand in `protocol.yml`, the counts follow from them.

# %%
survsim.report.table(
    survsim.report.load_results("protocol", "04_pooled_evidence"),
    title="Numbers by question",
    labels={
        "question": "question",
        "counted": "counted",
        "of": "of",
        "kept": "used",
        "left_out": "left out, step by step",
    },
)

# %% [markdown]
# ## Limits
#
# - Nearly every number was read from an abstract. Time origins are mostly not stated.
# - Effects of extent are compared between studies and carry every other difference between them.
# - Effects are proportional over time. Mixed arms enter at the mean of their covariates.
# - The published cases are a selection; analysis 05 asks how strong it would have to be.
#
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, survsim.load_evidence())
