# %% [markdown]
# # Survival with uterine carcinosarcoma, patient by patient
#
# **Question.** How long do patients with carcinosarcoma live, what does stage and histology say about it, and
# where would the index case, with her tumour in the spinal canal, stand among them?

# %%
import survsim

evidence = survsim.load_evidence()
numbers = survsim.report.load_ledger("02_survival_models")
folder = survsim.report.results_folder("02_survival_models")

# %%
survsim.report.prose(
    numbers,
    """
## Data

The Cancer Genome Atlas followed {cohort.patients} women with uterine carcinosarcoma (median age
{cohort.age.median:.0f unit}, {cohort.age.low:.0f} to {cohort.age.high:.0f}): {cohort.stage.I} in stage I,
{cohort.stage.II} in stage II, {cohort.stage.III} in stage III and {cohort.stage.IV} in stage IV. It is the
largest open cohort of carcinosarcoma with a record for each patient in this study's evidence. The patients were chosen because frozen tissue
of an operated tumour existed, none had been treated before surgery, and they are no sample of a population.
Time counts from diagnosis. Median follow-up, by the reverse Kaplan-Meier method, is {os.follow_up:.1f ci unit}.

Two columns hold the histological subtype. The one of the clinical file leaves {cohort.histology_registry.nos}
patients unspecified, the review of the marker paper {cohort.histology.nos}; **the review is used here**
({cohort.histology.heterologous} heterologous, {cohort.histology.homologous} homologous).
""",
)

# %% [markdown]
# ## Who is in which question
#
# The rules stand in `protocol.yml`, the counts follow from them.

# %%
survsim.report.table(
    survsim.report.load_results("protocol", "02_survival_models"),
    title="Patients by question",
    labels={
        "question": "question",
        "counted": "counted",
        "of": "of",
        "kept": "used",
        "left_out": "left out, step by step",
    },
)

# %% [markdown]
# ## Overall survival

# %%
survsim.read_result(folder / "os_curve.json").plot(
    endpoint="Overall survival",
    origin="diagnosis",
    event_name="deaths",
    marker=(numbers.numbers["index_case.survival"].value, "index case"),
)

# %% [markdown]
# The band is the beta product one, which keeps its level when few are at risk; the intervals in the text are the usual
# log-log ones, as most papers print them.

# %%
survsim.report.prose(
    numbers,
    """
Of {os.patients} patients {os.events} died. Median survival is {os.median:.1f ci unit}; survival is
{os.at_12:.3f ci} at one year, {os.at_24:.3f ci} at two and {os.at_60:.3f ci} at five. At
{index_case.survival:.0f unit}, when the index case died, {os.at_index_case:.0%} of these patients were alive. She
is set beside them for orientation, not as one of them: other site, other origin of time, other treatment.
""",
)

# %%
survsim.read_result(folder / "os_by_stage.json").plot(
    endpoint="Overall survival",
    origin="diagnosis",
    event_name="deaths",
    names={"I": "stage I", "II": "stage II", "III": "stage III", "IV": "stage IV"},
    marker=(numbers.numbers["index_case.survival"].value, "index case"),
    band=False,
)

# %%
survsim.report.prose(
    numbers,
    """
Median survival is {os.stage.I.median:.1f ci unit} in stage I and {os.stage.III.median:.1f ci unit} in stage III;
stage II has {os.stage.II.patients} patients, of whom nothing can be said. The log-rank test over all stages
gives χ² {os.stage.chi2:.2f} on {os.stage.df} degrees of freedom, {os.stage.p_value:p}: it asks whether any stage
differs from any other. Stages have an order, and asked whether the hazard rises with it (one degree of freedom) the test
gives χ² {os.stage.trend.chi2:.2f}, **{os.stage.trend.p_value:p}**; from one stage to the next the hazard of death is
multiplied by {os.stage.trend.hazard_ratio:.2f ci} (Wald {os.stage.trend.wald_p_value:p}). The question with the order
in it is the one a reader has; that it was put to the data after the other is said here.
""",
)

# %%
survsim.read_result(folder / "os_by_histology.json").plot(
    endpoint="Overall survival",
    origin="diagnosis",
    event_name="deaths",
    names={"nos": "not specified"},
    band=False,
)

# %%
survsim.report.prose(
    numbers,
    """
By the reviewed histology, median survival is {os.histology.heterologous.median:.1f ci unit} with a heterologous
sarcoma component and {os.histology.homologous.median:.1f ci unit} with a homologous one (log-rank over the three
groups χ² {os.histology.chi2:.2f}, {os.histology.p_value:p}).

## Progression: two endpoints that are not the same

The registry's **progression-free interval** counts {pfi.events} events and treats death without tumour as
censored; its median is {pfi.median:.1f ci unit}. **Progression-free survival**, derived here, counts death of any
cause: {pfs.events} events, median {pfs.median:.1f ci unit}. Where this project says progression-free interval it
means the first.
""",
)

# %% [markdown]
# ## Of what they died

# %%
causes = survsim.read_result(folder / "causes.json")
causes.plot(names={"tumour": "death of the tumour", "other": "death of another cause"}, origin="diagnosis")

# %%
survsim.report.prose(
    numbers,
    """
Of the {cause.patients} patients whose cause of death is known, or who lived, {cause.tumour.deaths} died of the tumour and
{cause.other.deaths} of another cause ({cause.unknown} died of a cause that is not recorded and are left out). The
cumulative incidence of death of the tumour, with the other deaths as competing events, is {cause.tumour.at_24:.0%} at
two years ({cause.tumour.at_24:.0% limits}) and {cause.tumour.at_60:.0%} at five ({cause.tumour.at_60:.0% limits}); that of
other deaths is {cause.other.at_60:.0%} at five years. Nearly all deaths are of the tumour.

## Beyond what was seen
""",
)

# %%
survsim.read_result(folder / "families.json").plot(
    kaplan_meier=survsim.read_result(folder / "os_curve.json"),
    until=180,
    endpoint="Overall survival",
    origin="diagnosis",
)

# %%
survsim.report.table(
    survsim.report.load_results("families"),
    title="Laws of survival time fitted to the cohort",
    labels={
        "family": "family",
        "delta_aic": "AIC above the best",
        "weight_aic": "weight",
        "median": "median, months",
        "at_60": "alive at 60 months",
        "at_120": "alive at 120 months",
        "at_180": "alive at 180 months",
    },
)

# %%
survsim.report.prose(
    numbers,
    """
{families.number} families lie within {families.spread:.1f} units of AIC; the {families.best} has the most weight
({families.best.weight:.0%}). At five years they agree (survival {families.at_60.low:.2f} to {families.at_60.high:.2f}), at
fifteen they say {families.at_180.low:.2f} to {families.at_180.high:.2f}. Their average gives
{families.average.at_120:.2f ci} at ten years, an interval that holds the doubt about the family too. Only
{families.seen_late} patients were followed past five years: **what lies beyond is the family's, not the data's**, and no
other report uses it.
""",
)

# %% [markdown]
# ## A regression model

# %%
fit = survsim.read_result(folder / "cox.json")
terms = {
    "age_decades": "age, per 10 years",
    "advanced": "stage III-IV v I-II",
    "heterologous": "heterologous v other",
}
fit.plot(names=terms, limits=(0.4, 6.0))

# %%
survsim.report.prose(
    numbers,
    """
With {cox.n_event} deaths and {cox.terms} covariates ({cox.events_per_term:.0f} deaths for each) the model is about as
large as the data carry. The hazard ratio of death is {cox.advanced:.2f ci} for stage III-IV against I-II,
{cox.heterologous:.2f ci} for heterologous histology against the rest, and {cox.age_decades:.2f ci} for ten years of
age. The test of proportional hazards gives {ph.GLOBAL.p_value:p} overall; a test with so few deaths finds only
gross departures.
""",
)

# %%
survsim.figures.schoenfeld_plot(fit, names=terms)

# %% [markdown]
# Each point is one death; the blue line follows the hazard ratio over time on the log scale, the dashed level with
# its band is what the model assumes. The late ends rest on a handful of deaths.

# %% [markdown]
# ## Treated and untreated patients: what this cohort cannot say

# %%
survsim.report.prose(
    numbers,
    """
By the file's flag, {drug_flag.yes.patients} patients had drug therapy after surgery and {drug_flag.no.patients} had
not. Their median survival is {drug_flag.yes.median:.1f ci unit} and {drug_flag.no.median:.1f ci unit}.

> **This is not the effect of chemotherapy.** Those who were given drugs were fit enough to be given them and
> had a reason to be (*confounding by fitness and indication*). Nobody was treated before living to the first
> infusion, a median of {drug_flag.first_day:.0f unit} after diagnosis: early deaths fall to the untreated group by
> construction (*immortal time*). And the flag contradicts the drug records: {drug_flag.no_with_records} patients
> flagged "no" have drug records, {drug_flag.unanswered} have no flag, {drug_flag.unanswered_with_records} of them with
> a record.

No curve by treatment is drawn here, because a picture is remembered without its caption.
""",
)

# %%
survsim.report.prose(
    numbers,
    """
## Drug therapy compared as well as this cohort allows

**The question of a trial.** Of women alive after surgery, how long would they live within {causal.tau:.0f unit} if all
began drug therapy within {causal.emulated.grace:.0f unit} of diagnosis, and how long if none did? **Treatment is defined
once**, from the dated drug records: a first drug by day {causal.emulated.grace:.0f}. {causal.treated} of
{causal.patients} patients are treated by it. A first drug after that day ({causal.late} patients, two of them
flagged "no") is taken for treatment of a relapse and leaves them untreated here; {causal.treated_without_flag}
patient without a flag has a dated record and counts as treated; {causal.assumed_untreated} with neither flag nor
record count as untreated, which is an assumption. {causal.undated} flagged patients have drug records without
any start day and {causal.unseen} patient has no follow-up: they are left out, so the medians differ a little from those above.
""",
)

# %%
COMPARISONS = {
    "naive": "naive: ever treated in time v not, from diagnosis",
    "landmark": "landmark, crude",
    "weighted": "landmark, weighted by propensity",
    "standardised": "landmark, standardised by a Cox model",
    "emulated": "emulated trial (clone, censor, weight)",
    "emulated_short": "emulated trial, short grace period",
    "emulated_undated": "emulated trial, undated starts put at the median",
}
rows = survsim.report.load_results("causal")
survsim.report.table(
    rows.assign(comparison=rows["comparison"].map(COMPARISONS)),
    title="Gain in mean survival within three years, drug therapy against none (months)",
    labels={
        "comparison": "Comparison",
        "difference": "Difference",
        "conf_low": "95% low",
        "conf_high": "95% high",
    },
    decimals=1,
    notes="Landmark rows count from the landmark to the same horizon. None of these is free of confounding.",
)

# %%
survsim.report.prose(
    numbers,
    """
- **Naive.** Median survival {causal.naive.treated.median:.1f ci unit} with and {causal.naive.untreated.median:.1f ci unit}
  without; difference of mean survival within {causal.tau:.0f unit} {causal.naive.difference:.1f ci unit}; hazard ratio
  {causal.naive.hazard_ratio:.2f ci}. Immortal time is in it.
- **Treatment as a covariate that switches on** when it starts takes immortal time out: hazard ratio
  {causal.switching.hazard_ratio:.2f ci}, and {causal.switching_adjusted.hazard_ratio:.2f ci} given age and stage. Here a
  late first drug counts from its day.
- **Landmark at {causal.landmark.days:.0f unit}.** Of those alive then, {causal.landmark.treated} had started and
  {causal.landmark.untreated} had not: medians {causal.landmark.treated.median:.1f unit} and
  {causal.landmark.untreated.median:.1f unit} from there, difference {causal.landmark.difference:.1f ci unit}.
- **Weighted** by the chance of treatment given age and stage, from the landmark: {causal.weighted.difference:.1f ci unit},
  hazard ratio {causal.weighted.hazard_ratio:.2f ci}.
- **Standardised** over age and stage by a Cox model, from the landmark: {causal.standardised.difference:.1f ci unit}, hazard
  ratio in the model {causal.landmark_adjusted.hazard_ratio:.2f ci}. The model holds that ratio constant, which takes
  away from a gain that is early.
- **Emulated trial**, from diagnosis: {causal.emulated.difference:.1f ci unit}; survival at two years
  {causal.emulated.treated.at_24:.0%} against {causal.emulated.untreated.at_24:.0%}. With a grace period of
  {causal.emulated_short.grace:.0f unit} the difference is {causal.emulated_short.difference:.1f ci unit}; with the
  {causal.undated} undated patients put back, their start at the median of {causal.median_start:.1f unit},
  {causal.emulated_undated.difference:.1f ci unit}.

**Diagnostics.** The largest standardised difference falls from {causal.balance.before:.2f} to {causal.balance.after:.2f};
{causal.landmark.untreated} untreated patients weigh as much as {causal.effective.untreated:.1f}, the largest weight is
{causal.weight.largest:.1f}, and {causal.outside} patients lie outside the other group's range of propensity. In the
emulated trial {causal.emulated.untreated.after} untreated clones go on after the grace period (largest weight
{causal.emulated.untreated.weight_max:.1f}). Good balance says that age and stage are dealt with. It says nothing about
what was not recorded.
""",
)

# %%
survsim.read_result(folder / "balance.json").plot(
    names={"age_decades": "age", "advanced": "stage III-IV"}, comparison="treated minus untreated"
)

# %%
survsim.read_result(folder / "weights.json").plot(
    names={0: "no drugs by the landmark", 1: "drugs by the landmark"}
)

# %%
survsim.report.prose(
    numbers,
    """
Removing immortal time and adjusting for age and stage shrinks the naive difference of {causal.naive.difference:.1f unit} to
between {causal.smallest:.1f unit} and {causal.largest:.1f unit}, with intervals that hold harm as well as benefit, or all but
do. **What is left cannot be called an effect.** Fitness, residual tumour (not recorded for some), the reason for
giving or withholding drugs and the patient's own choice are unmeasured; with {causal.patients} patients,
{causal.untreated} of them untreated, no method can adjust for more, and an interval covers chance alone, not
confounding.
""",
)

# %%
survsim.report.prose(
    numbers,
    """
## Radiotherapy, in the same way

{radiotherapy.any_record} of the {cohort.patients} patients have a record of radiotherapy, {radiotherapy.recorded} of them of
a first treatment (the others were irradiated for a relapse). Treated means a first course within
{radiotherapy.emulated.grace:.0f unit} of diagnosis, long enough for drugs to come before it: {radiotherapy.treated} of
{radiotherapy.patients} patients, {radiotherapy.untreated} are not. The contrasts are those made for drugs, from the same
confounders.
""",
)

# %%
radiotherapy = survsim.report.load_results("radiotherapy")
survsim.report.table(
    radiotherapy.assign(comparison=radiotherapy["comparison"].map(COMPARISONS)),
    title="Gain in mean survival within three years, radiotherapy against none (months)",
    labels={
        "comparison": "Comparison",
        "difference": "Difference",
        "conf_low": "95% low",
        "conf_high": "95% high",
    },
    decimals=1,
    notes="Landmark rows count from the landmark to the same horizon. None of these is free of confounding.",
)

# %%
survsim.report.prose(
    numbers,
    """
Median survival is {radiotherapy.naive.treated.median:.1f ci unit} with and
{radiotherapy.naive.untreated.median:.1f ci unit} without, a hazard ratio of {radiotherapy.naive.hazard_ratio:.2f ci} with
immortal time in it: the first course began {radiotherapy.median_start:.1f unit} after diagnosis in the median. As a covariate
that switches on the ratio is {radiotherapy.switching.hazard_ratio:.2f ci}, given age and stage
{radiotherapy.switching_adjusted.hazard_ratio:.2f ci}. Of those alive at {radiotherapy.landmark.days:.0f unit},
{radiotherapy.landmark.treated} had started and {radiotherapy.landmark.untreated} had not; from there the weighted difference
is {radiotherapy.weighted.difference:.1f ci unit}, and the emulated trial from diagnosis gives
{radiotherapy.emulated.difference:.1f ci unit}. Over all contrasts but the naive one the difference lies between
{radiotherapy.smallest:.1f unit} and {radiotherapy.largest:.1f unit}.

> **This is not the effect of radiotherapy.** Most courses were brachytherapy or pelvic fields, given to prevent a local
> relapse in women who had recovered from surgery. They say nothing on irradiating a tumour left behind in the spinal canal.
""",
)

# %% [markdown]
# ## Limits
#
# - One cohort, chosen by tissue, with treatment recorded after the fact.
# - One patient was last seen on the day of diagnosis; she counts at time zero and carries no further information.
# - Groups of five to thirty patients: every interval above is wide, and the p-values are not corrected for
#   their number.
# - All tumours were uterine. Whether stage there says anything about the spinal canal is not known.
#
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, evidence)
