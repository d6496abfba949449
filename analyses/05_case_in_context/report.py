# %% [markdown]
# # Eleven months: long or short?
#
# **Question.** A woman of 36 lived 11 months with a primary intradural spinal carcinosarcoma. The report
# of her case found none like it. Where does she stand among those who come nearest?

# %%
import survsim

numbers = survsim.report.load_ledger("05_case_in_context")
folder = survsim.report.results_folder("05_case_in_context")
context = survsim.read_result(survsim.scenario.CaseInContext, folder.joinpath("context.json"))

# %%
survsim.report.prose(
    numbers,
    """
**Answer.** Long, measured by the other published patients with carcinosarcoma in the central nervous system: all
{cns.deaths} with a dated death were dead within {cns.last_death:.0f} months, the nearest to her after
{analogue.time:.0f}; she lived {case.time:.0f}. But two others were alive when last heard of, at {cns.alive_low:.0f} and
{cns.alive_high:.0f} months. Measured by all sites together, carried to a new site, she is in the middle: percentile
**{all_sites.percentile:.0f ci}**. No reference is close enough to say more.
""",
)

# %%
context.plot()

# %%
survsim.report.prose(
    numbers,
    """
## The published cases

Of published patients with carcinosarcoma in the central nervous system, {cns.patients} besides the index case have
any time at all, {cns.without_time} have none. {cns.deaths} died: {cns.exact} at a printed time, {cns.interval} at an
approximate one, {cns.upper} by an upper bound. {cns.right} were alive at last news. Read the list before any model:
""",
)

# %%
cases = survsim.report.load_results("cns_cases", "05_case_in_context")
survsim.report.table(
    cases.assign(
        case=cases["case"].str.replace("_", "_\u200b")
    ),  # may break after each word, so that the table fits
    title="Every published patient with a time, without the index case",
    labels={
        "time": "months from CNS disease",
        "age_years": "age",
        "sex": "sex",
        "primary_site": "primary tumour",
        "cns_site": "place in the CNS",
        "surgery": "surgery",
        "radiotherapy": "radiotherapy",
        "cause_of_death": "cause of death",
        "case": "row",
    },
    decimals=0,
    notes=[
        "Only one had a primary tumour of the central nervous system, with a squamous and a sarcomatous part as hers: "
        "raghunathan_2011_60m_primary_cpa, the closest analogue. The others are metastases of other organs.",
        "Both who were alive had their tumour resected and were irradiated by radiosurgery.",
    ],
)

# %%
survsim.report.prose(
    numbers,
    """
As a model of their own, {cns.patients} patients give a median for a new study of {cns_cases.median:.1f ci unit}, and her
{case.time:.0f unit} are at percentile **{cns_cases.percentile:.0f ci}**. Above the middle means longer than half of them;
the interval says how much so few patients can tell: nearly nothing.

## All sites, and the uterus

Against **all sites pooled**, advanced disease, carried to a new site with its transport variance (median
{all_sites.median:.1f ci unit}, as the report on the pooled evidence has it), she is at percentile **{all_sites.percentile:.0f ci}**; the
chance of living longer than she did is {all_sites.longer:.0%} there. Against the TCGA cohort of the uterus she is at
percentile {tcga_stage_I.percentile:.0f ci} of stage I, {tcga_stage_III.percentile:.0f ci} of stage III and
{tcga_stage_IV.percentile:.0f ci} of stage IV: patients selected for an operated tumour with frozen tissue.

Each percentile is that of the *next* patient of another study: the first two models hold the variation between studies,
and to each stage of the single TCGA cohort that of the pooled model is added (standard deviation {tcga.study_sd:.2f} on
the log hazard). A place on a pooled mean would look far more certain than anything known. A percentile counts patients
over all studies at once, a median is that of the middle study; where studies differ so much the two need not meet (the report on the
pooled evidence has both).
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("percentiles", "05_case_in_context"),
    title="Percentile, chance of living longer, median survival of a new study (months)",
)

# %%
survsim.report.prose(
    numbers,
    """
## Where proportional stages fail

Each stage stands on its own here. One model that holds the hazards of the stages proportional puts {case.time:.0f unit}
at percentile {tcga_stage_I.proportional:.0f} of **stage I**. Of the {tcga_stage_I.patients} patients in stage I
**{tcga_stage_I.dead} had died** by then (up to {tcga_stage_I.observed:.0f high}% would agree with that): the early deaths of
stages III and IV are lent to stage I through the common shape of the hazard. On its own, stage I gives
{tcga_stage_I.percentile:.0f}. It is not nothing, because the first death came at {tcga_stage_I.first_death:.1f unit} and the
next patient belongs to another cohort. A test of proportionality does not see it ({tcga.proportional.p_value:p}): with so few
deaths it finds only gross departures, and it asks about the whole follow-up, not its first months.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("stages", "05_case_in_context"),
    title="Dead by the case's time, per cent",
    labels={
        "stage": "stage",
        "patients": "patients",
        "dead": "dead by then",
        "observed": "Kaplan-Meier",
        "observed_low": "95% low",
        "observed_high": "95% high",
        "alone": "next patient, stage alone",
        "joined": "next patient, stages proportional",
    },
    decimals=0,
)

# %%
survsim.report.prose(
    numbers,
    """
## Given that she had come so far

The chance to reach {case.time:.0f unit}, given alive at six months, is {cns_cases.alive_at_6:.0%} by the
published cases and {all_sites.alive_at_6:.0%} by all sites pooled.
""",
)

# %%
survsim.report.table(
    context.conditional_frame(), title="Chance to live to the case's time, given alive at a landmark"
)

# %%
survsim.report.prose(
    numbers,
    """
## The origin of time

The report does not say what the months count from. With two months less or more the percentile runs from
{cns_cases.origin_low:.0f} to {cns_cases.origin_high:.0f} among the published cases and from
{all_sites.origin_low:.0f} to {all_sites.origin_high:.0f} among all sites.
""",
)

# %% [markdown]
# ## Who gets published
#
# Single patients are published because something was remarkable. The curve shows the percentile if patients alive past
# a year were more likely (right) or less likely (left) to be published than those dead before. The diamond is the
# strength at which the answer to "longer than half?" changes.

# %%
survsim.read_result(survsim.joint_model.TippingPoint, folder.joinpath("tipping_cns_cases.json")).plot()

# %%
survsim.read_result(survsim.joint_model.TippingPoint, folder.joinpath("tipping_all_sites.json")).plot()

# %%
survsim.report.prose(
    numbers,
    """
Among the published cases the conclusion turns at a strength of {cns_cases.tipping:.2f}, among all sites pooled at
{all_sites.tipping:.2f}, where no selection is a strength of one. Selection cannot be seen in the cases themselves: the reader judges which
strength is plausible.

## Limits

- She was younger than nearly all of them, her tumour was primary and elsewhere, and her care was another.
- Six patients are a list, not a distribution; the priors of the model carry much of the first panel, and its normal
  approximation makes the interval there a little too narrow (the standard deviation of the log hazard by about a
  fifteenth).
- Overall survival is counted from surgery here; other sources count from diagnosis, metastasis or treatment.
""",
)

# %% [markdown]
# ## Who is compared
#
# The rules stand in `protocol.yml`, the counts follow from them.

# %%
survsim.report.table(
    survsim.report.load_results("protocol", "05_case_in_context"),
    title="Cases, numbers and patients by question",
    labels={
        "question": "question",
        "counted": "counted",
        "of": "of",
        "kept": "used",
        "left_out": "left out, step by step",
    },
)

# %% [markdown]
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, survsim.load_evidence())
