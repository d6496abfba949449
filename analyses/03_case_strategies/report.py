# %% [markdown]
# # What other treatment might have meant for a woman with a carcinosarcoma of the spinal canal
#
# **Question.** A woman of 36 had a primary intradural spinal carcinosarcoma, resected incompletely. She was
# irradiated, had half a cycle of chemotherapy, progressed along the cord, was irradiated again, received toripalimab
# and anlotinib, and died 11 months after surgery of respiratory failure with the tumour controlled, after her family
# had stopped treatment. What could each next step be expected to add at her progression? And by how much would
# survival differ between strategies from surgery on?

# %%

import survsim

SLUG = "03_case_strategies"
folder = survsim.report.results_folder(SLUG)
evidence = survsim.load_evidence()
numbers = survsim.report.load_ledger(SLUG)
simulation = survsim.simulation.SimulationResult.load(folder / "simulation")
next_step = survsim.simulation.SimulationResult.load(folder / "next_step")
decision, step = simulation.decision(24), next_step.decision(12)
labels = dict(zip(simulation.strategies, simulation.labels))
LABELS = survsim.report.read_yaml(folder / "labels.yml")
survsim.report.prose(
    numbers,
    """
**Answer, to be read with its limits.** No strategy here was ever observed in this disease; what follows is borrowed from
other tumours of the spinal canal and their spread. *For this patient at her progression*, {next.favoured} is favoured in
expectation: {next.gain_12.reirradiation_drugs:.1f interval} months of the next twelve over supportive care, of which
re-irradiation alone brings {next.gain_12.reirradiation_alone:.1f interval}; quality-adjusted
{next.quality_gain.reirradiation_drugs:.1f interval} months. Each of these intervals reaches below zero, and she is not expected to walk
under any of them; it is best in {next.p_best.reirradiation_drugs:.0%} of the draws, re-irradiation alone in {next.p_best.reirradiation_alone:.0%}, and choosing it
loses {next.loss.reirradiation_drugs:.1f} months on average against the best step in each draw. That focal irradiation helps at all rests on a prior, because nobody
compared it with none: were re-irradiation to do nothing, the gain would be {next.structure.reirradiation_does_nothing.reirradiation_drugs:.1f interval}. *From surgery on*,
{decision.best} is favoured in expectation, with a gain of {gain_24.early_immunotherapy:.1f interval} months of the first two years over
surgery alone ({walking_gain.early_immunotherapy:.1f interval} of them walking, {quality_gain.early_immunotherapy:.1f interval} quality-adjusted),
beside {gain_24.surgery_radiotherapy_chemotherapy_reirradiation:.1f interval} with chemotherapy and re-irradiation; it is best in {decision.p_best:.0%} of the draws. Of
{structure.structures:.0f} structures that change survival, as declared and otherwise, it comes first over two years under {structure.first.early_immunotherapy:.0f}, but
over one year under {structure.first_12.early_immunotherapy:.0f} only, where radiotherapy with re-irradiation does under {structure.first_12.surgery_radiotherapy_reirradiation:.0f}; over
two years chemotherapy with re-irradiation comes first under {structure.first.surgery_radiotherapy_chemotherapy_reirradiation:.0f}, and as she was treated under {structure.first.as_treated:.0f}. It rests on one small randomised trial of sarcoma
elsewhere. Were no treatment believed to help before any number was seen,
{neutral.from_progression} would be the favoured step, and {neutral.from_surgery} the favoured strategy. It is no advice.
""",
)

# %% [markdown]
# ## The index case
#
# The case report dates the surgery and the end, nothing between. Hatched bars are assumed dates; the whiskers
# are the ranges in which they may have lain.

# %%
survsim.figures.swimmer(
    survsim.report.load_results("course", SLUG),
    unit="months",
    end=11,
    end_label="dead of respiratory failure, tumour controlled",
    origin="surgery",
)
# %% [markdown]
# ## This patient, at her progression
#
# The simulation starts from what was known of her: surgery, 44 Gy completed, one day of gemcitabine and docetaxel,
# not walking, performance status 3, progression along the cord 5.0 to 7.2 months after surgery (drawn; the report gives no date). Her
# hidden factor, that of tumours which are back early, follows from that history. Time counts from progression.

# %%
step.plot()
# %%
TWO_ERRORS = (
    "Two uncertainties, apart. 2.5% to 97.5%: what is not known of the parameters, over their draws. SE: what the simulation may be "
    "off by, of the mean by the luck of its patients, of each end of an interval by the luck of its draws and patients. More runs make "
    "the SEs small and leave the interval as it is."
)
survsim.report.table(
    survsim.report.load_results("next_decision", SLUG)[list(LABELS["decision"])],
    title="Restricted mean survival time to 12 months from progression",
    labels=LABELS["decision"] | {"label": "next step"},
    decimals={"mc_std_error": 3},
    notes=[TWO_ERRORS, "Expected loss: months lost on average against the best step in each draw."],
)

# %%
survsim.report.prose(
    numbers,
    """
By the assumed dates she lived about five months from her progression. Of patients with her history
{next.alive_5.reirradiation_drugs:.0% interval} are expected to be alive then under what she got, and
{next.alive_5.supportive_care:.0% interval} under supportive care: her course is what was to be expected, and tells neither
from the other. What the drugs add to re-irradiation is an assumption and nothing else ({parameter.hr_anlotinib_progressed:.2f interval}
for the ratio of tumour death): no ratio of death on anlotinib was found.
""",
)

# %%
UTILITIES = (
    "Utilities: walking 0.59 to 0.76 by EQ-5D with spinal metastasis (schoenfeld_2021_ambulation_eq5d_s02, _s01); not walking 0.18 "
    "to 0.95 of it, from the same set (_s03) to paraplegia by SF-6D (sci_sf6d305_s03); after progression 0.4 to 1 of that, an assumption. "
    "Spinal metastasis and injury stand in for this tumour. Equal strategies share P(best). SE: simulation error of an end of the interval "
    "of the gain."
)
survsim.report.table(
    survsim.report.load_results("next_values", SLUG).query("outcome != 'walking'")[list(LABELS["values"])],
    title="Months alive and quality-adjusted, of the twelve from her progression, none of them walking",
    labels=LABELS["values"],
    notes=UTILITIES,
)
# %%
survsim.report.table(
    survsim.report.load_results("next_structure", SLUG).replace(
        {"re-irradiation": "2R", "re-irradiation, toripalimab, anlotinib": "2R, drugs"}
    ),
    title="What the next steps add over supportive care under other structures, to 12 months",
    labels=LABELS["next_structure"],
    decimals={"rank": 0},
    notes="2R re-irradiation; drugs: toripalimab with it, then anlotinib. Fewer patients than above, the same in every row.",
)
# %%
survsim.report.prose(
    numbers,
    """
*A second control*, her own course, is one of these structures: the randomised ratio of death is taken out, and re-irradiation acts
only by bringing the tumour under control again, at rates that published responses and their durations span. Nothing is counted
twice. The ratio of death to six months that follows from it is {next.implied_ratio.second_control:.2f interval}; by the ratios of death it is
{next.implied_ratio.as_declared:.2f interval}. The two rest on different rows, one trial being on both sides. The first is narrower, and its gain is above zero,
only because control is assumed not to harm; so it is an alternative and not the model.
""",
)

# %% [markdown]
# ### Where the next step turns
#
# One parameter at a time is held at the ends of what is believed of it, and simulated again on the same patients with the same
# luck. Then each ratio of treatment is moved from far benefit to harm, with everything else as drawn.

# %%
survsim.read_result(folder / "next_one_way.json").plot(
    labels=LABELS["one_way"] | dict(zip(next_step.strategies, next_step.labels))
)
# %%
turning = survsim.read_result(folder / "next_turning.json")
curves = turning.plot(labels=LABELS["turning"] | dict(zip(next_step.strategies, next_step.labels)))
# %%
survsim.report.table(
    survsim.report.load_results("next_turns", SLUG).replace(LABELS["short"]),
    title="Values at which the answer from progression turns, one ratio at a time",
    labels=LABELS["turns"],
    decimals={"at_error": 3},
    group="parameter",
    notes="2R re-irradiation; drugs: toripalimab with it, then anlotinib, or anlotinib alone. No value: nothing turns between the values simulated. P(beyond): share of the draws of the ratio that lie on the other side of the value than their median, which is how likely the turn "
    "is believed to be from this ratio alone. The share of draws in which a step is best moves in steps of a draw and has no simulation SE of its value.",
)
# %%
survsim.report.prose(
    numbers,
    """
*The drugs.* {next.favoured} stays ahead of the other steps while the ratio of death on anlotinib is below
{next.turn.hr_anlotinib_progressed.above:.2f}; above it the favoured step is {next.turn.hr_anlotinib_progressed.above.other}. What is assumed of that ratio is
{parameter.hr_anlotinib_progressed:.2f interval}, and {next.turn.hr_anlotinib_progressed.above.beyond:.0%} of its draws lie beyond: whether to add the drugs is an
assumption, not a finding. *Re-irradiation at all.* With the drugs it gains over supportive care until the ratio of focal re-irradiation passes
{next.sign.hr_focal_radiotherapy.above:.2f} ({next.sign.hr_focal_radiotherapy.above.beyond:.0%} of the draws beyond), or that of the neuraxis against focal
{next.sign.hr_craniospinal.above:.2f} ({next.sign.hr_craniospinal.above.beyond:.0%}). From
{next.turn.hr_focal_radiotherapy.above:.2f} of the first on, {next.turn.hr_focal_radiotherapy.above.other} comes first; from {next.turn.hr_craniospinal.above:.2f} of the second, {next.turn.hr_craniospinal.above.other}. The favoured step is best in half of the draws or fewer once the ratio
on anlotinib passes {next.half.hr_anlotinib_progressed.above:.2f}.
""",
)

# %% [markdown]
# ## Strategies from surgery on

# %%
simulation.survival().plot(
    strategies=("surgery_alone", "surgery_radiotherapy", "as_treated", "early_immunotherapy"),
    until=36,
    marker=(numbers.numbers["index_case.survival"].value, "index case"),
)
# %%
survsim.report.table(
    survsim.report.load_results("decision", SLUG)[list(LABELS["decision"])],
    title="Restricted mean survival time to 24 months from surgery",
    labels=LABELS["decision"],
    decimals={"mc_std_error": 3},
    notes=[TWO_ERRORS, "P(best) splits ties."],
)
# %%
survsim.report.table(
    survsim.report.load_results("horizons", SLUG),
    title="Gain over surgery alone to 12, 24 and 60 months, all strategies",
    labels=LABELS["horizons"],
    decimals={"rank": 0},
    group="horizon",
    notes="All draws and patients of the simulation, as declared; rank among all seven. SE: simulation error of the end before it. Under other "
    "structures: below.",
)

# %%
simulation.compare("surgery_alone").plot(measure="survival_time", time=24)
# %%
survsim.report.table(
    survsim.report.load_results("values", SLUG)[list(LABELS["values"])],
    title="Months alive, walking and quality-adjusted, of the first 24 from surgery",
    labels=LABELS["values"],
    notes=UTILITIES,
)
# %%
survsim.report.prose(
    numbers,
    """
As the index patient was treated, simulated patients live {survival_time_24.as_treated:.1f interval} months of the first two years
(Monte Carlo standard error {survival_time_24.as_treated:.2f mc}), with surgery alone {survival_time_24.surgery_alone:.1f interval}; the
paired gain is {gain_24.as_treated:.1f interval}. P(alive after a year) is {alive_12.as_treated:.0% interval} against
{alive_12.surgery_alone:.0% interval}. Of patients treated as she was {index_case.dead_by_then:.0% interval} are expected to have died by
{index_case.survival:.0f} months, as she had: her course is an ordinary one under the model, which one patient can neither confirm nor refute. Choosing as she was treated loses
{regret.as_treated:.1f} months on average against the best choice in each draw.
""",
)

# %% [markdown]
# ## What the answer hangs on
#
# Each row asks the same question of another structure: how long effects last, which groups of evidence the course is
# calibrated to, whether declared biases count, how patients differ. The patients and their luck are the same in all.

# %%
structure = survsim.read_result(folder / "structure.json")
structure.plot(tau=24, strategies=["early_immunotherapy", "as_treated"], labels=labels)
# %%
survsim.report.table(
    survsim.report.load_results("ranks", SLUG),
    title="Rank of each strategy by expected survival, by horizon and structure; 1 is the highest",
    decimals=0,
    group="horizon",
    notes="S surgery, R radiotherapy, C six cycles of chemotherapy, 2R re-irradiation at progression; as treated: S+R, half a cycle, 2R with "
    "toripalimab, anlotinib; early drugs: S+R, toripalimab with anlotinib, 2R. Equal strategies share a rank. Two rows change no "
    "survival and have no vote: other utilities, and effects that end when the tumour progresses, because here each acts before that or is "
    "started after it.",
)
# %%
survsim.report.table(
    survsim.report.load_results("horizons_by_structure", SLUG)[[*LABELS["structures"], "strategy"]],
    title="Gain over surgery alone to 12, 24 and 60 months, by strategy and structure",
    labels=LABELS["structures"],
    decimals={"rank_12": 0, "rank_24": 0, "rank_60": 0},
    group="strategy",
    notes="The strategies that come first or second under some structure, and what she had. Fewer patients than above, the same in every "
    "row, so a row differs from the first by its structure alone.",
)
# %%
survsim.report.prose(
    numbers,
    """
*Neutral priors.* Before any number was seen, {priors.below_one:.0f} of the {priors.ratios:.0f} priors of ratios have a mean below one: they lean towards benefit.
With each centred on no effect and as wide as it was, {neutral.from_surgery} comes first over two years from surgery (gain {neutral.gain.from_surgery:.1f interval}
months, P(best) {neutral.p_best.from_surgery:.0%}; early drugs {structure.neutral_priors.early_immunotherapy:.1f interval}), and {neutral.from_progression} from her
progression ({neutral.gain.from_progression:.1f interval}, P(best) {neutral.p_best.from_progression:.0%}; {next.favoured}
{next.structure.neutral_priors.reirradiation_drugs:.1f interval}).
""",
)

# %%
survsim.read_result(folder / "one_way.json").plot(labels=LABELS["one_way"] | labels)
# %%
survsim.report.prose(
    numbers,
    """
The bars are real runs with one parameter held at its ends and everything else as drawn. Knowing every parameter without
error would be worth {evpi:.2f} months a patient. The favoured strategy changes where the hazard ratio of early anlotinib
passes {threshold.hr_antiangiogenic:.2f}; what is believed of it is {parameter.hr_antiangiogenic:.2f interval}.
""",
)

# %% [markdown]
# ## Where the course of the disease comes from
#
# Published numbers are held against the endpoint they report, in the patients they speak of, under what those were
# given: progression-free survival counts death, overall survival counts all deaths, survival from spread starts there.
# The rule by which rows came in stands in `target_rule.yml`. Filled bars are targets the course was calibrated to, the
# others were held out. The index case is never a target.

# %%
names = survsim.report.load_results("target_names", SLUG)
survsim.read_result(folder / "targets.json").plot(labels=dict(zip(names["label"], names["name"])))
# %%
survsim.report.prose(
    numbers,
    """
{targets.hold_out.inside:.0f} of {targets.hold_out.n:.0f} held-out targets, the joint model's prediction for a new site among them, lie inside the
interval in which four of five were expected ({targets.hold_out.share:.0% interval} of such targets, exact binomial). Of those outside,
{targets.hold_out.above:.0f} lived longer than predicted and {targets.hold_out.below:.0f} shorter. Longer lived patients chosen for surgery, for
radiosurgery or for a trial, shorter one cohort of spread taken as it came: who is chosen lives longer, by more than the model's spread
between studies, and no state holds that. Were the share low, the intervals of this report would be too narrow; with so few it can only
show gross error. Five of the held-out numbers were found only when the rule was held against the tables, after the model stood.
The published cases scatter widely around their one prediction, as chosen cases do.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("calibrated", SLUG),
    title="Parameters of the course, before and after the targets",
    labels=LABELS["calibrated"],
    decimals={
        "prior": 3,
        "prior_low": 3,
        "prior_high": 3,
        "posterior": 3,
        "posterior_low": 3,
        "posterior_high": 3,
    },
    notes="Overlap 1: the targets taught nothing. Moved: the posterior mean in standard deviations of the prior. The simulation draws for a "
    "setting that none of the targets came from, with the differences between studies added; intervals of what is believed of a ratio in "
    "the text are of those draws, and wider than these.",
)
# %%
survsim.report.table(
    survsim.report.load_results("calibrated", SLUG),
    title="Which rows moved them, and the ground of each prior",
    labels=LABELS["grounds"],
)

# %%
survsim.report.prose(
    numbers,
    """
Ratios were published of endpoints that count every death. In the calibrated course without treatment other deaths are
{other_share.controlled:.0% interval} of the events that end control and {other_share.progressed:.0% interval} of the deaths after
progression; an effect on the tumour alone shows in an all-cause ratio weakened by about that share, so effects here are, if anything,
a little too weak for it.
""",
)

# %%
parameters = survsim.report.load_results("parameters", SLUG)
survsim.report.table(
    parameters[parameters["source"] != "calibration"],
    title="The other parameters",
    labels=LABELS["parameters"],
    decimals={"median": 3, "low": 3, "high": 3},
    notes="None of these is held against a target: what is drawn is its prior, and no data moved it.",
)
# %%
survsim.report.table(
    parameters[parameters["source"] != "calibration"],
    title="Where the other parameters come from",
    labels=LABELS["sources"],
)

# %% [markdown]
# ## Harm
#
# ### Deaths by cause

# %%
survsim.read_result(folder / "deaths.json").plot(time=24)
# %%
survsim.report.table(
    survsim.report.load_results("deaths", SLUG),
    title="Share dead of each cause by 24 months from surgery",
    decimals=3,
)
# %%
survsim.report.prose(
    numbers,
    """
Under the treatment she had, {deaths_24.dead_of_tumour.as_treated:.0% interval} are dead of the tumour after two years,
{deaths_24.dead_after_withdrawal.as_treated:.0% interval} after care was withdrawn, the way she died,
{deaths_24.dead_of_respiratory_failure.as_treated:.0% interval} of respiratory failure under full care, and
{deaths_24.dead_of_treatment.as_treated:.1% interval} of the drugs themselves ({deaths_24.dead_of_treatment.early_immunotherapy:.1% interval}
with early toripalimab and anlotinib). How many of the non-tumour deaths follow a decision to withdraw is taken from injury of the cord
({parameter.p_withdrawal:.0% interval}), where most of those who die early do. An earlier version guessed the
hazard of other deaths three times as high and had half of all deaths from them.

### Dose to the cord of the index patient

Where the targets of both courses met, her cord got {index_case.cord_eqd2:.0f} Gy EQD2 and a cumulative BED of
{index_case.cord_bed:.0f} Gy with alpha/beta two. The lower of two published limits is not met, the higher is; the interval of about
{index_case.interval:.1f} months, itself assumed, is short of the six months asked for. Given survival, models
of a *single* course without recovery put the risk of myelopathy at this dose at {index_case.myelopathy.schultheiss_2008:.0%} and
{index_case.myelopathy.lyman_burman_1991:.0%}; no validated model of a conventional second course exists, and both are printed
because neither can be believed alone. Beside them stands what was seen in patients who were irradiated twice: by a risk score of pooled
reports {reirradiated.nieder_2006_rert_e01:.0%}, {reirradiated.nieder_2006_rert_e02:.0%} and {reirradiated.nieder_2006_rert_e03:.0%} had myelopathy in its three
groups, and in three series {reirradiated.rades_2008_rert124_e01:.0%}, {reirradiated.doi_2021_rert32_e01:.0%} and {reirradiated.maranzano_2011_rert12_e01:.0%}. The points of that score were not in what was read, so her group is not told here; an interval below
six months, hers by the assumed dates, is what its authors warn of. Those reports are not one population: cases with myelopathy are
published sooner, and in the series many died before it could show.
""",
)

# %%
survsim.figures.share_dots(
    survsim.report.load_results("cord_risks", SLUG),
    axis="Share with radiation myelopathy",
)
# %%
survsim.report.table(
    survsim.report.load_results("cord_risks", SLUG),
    title="Radiation myelopathy: two models at the dose of the index patient, and what was seen after re-irradiation",
    labels=LABELS["risks"],
    decimals={"patients": 0},
    notes="The models speak of one course and know no recovery between two; the rows count patients who were irradiated again, as printed. Number of patients "
    "where it is printed for the row.",
)

# %%
survsim.report.table(
    survsim.report.load_results("cord_criteria", SLUG),
    title="Published criteria for irradiating the cord again, as planned for the index patient",
    labels=LABELS["criteria"],
)

# %%
survsim.report.table(
    survsim.report.load_results("cord_doses", SLUG),
    title="Dose to the cord among those irradiated",
    labels=LABELS["doses"],
    group="strategy",
    decimals={"mean_dose": 1},
    notes="Who died before a course is not in its mean. Risks are of a single course without recovery.",
)

# %% [markdown]
# ## Limits
#
# - **No randomised or even comparative evidence exists for this tumour at this site.** Every effect is borrowed.
# - Published ratios of progression-free and overall survival count all deaths; here they act on the hazard of progression and
#   of tumour death. What that takes off a ratio is the share of other deaths among the events, printed with the parameters.
# - Published ratios also hold the deaths that a treatment brought. Deaths of treatment are added to the course all the same, so
#   they may count twice; the alternative without them is the other end. Of two drugs together each kills on its own account, an
#   assumption.
# - Observational contrasts carry a declared bias in the numbers; its direction has a ground, its size is judged.
# - The favoured strategy from surgery hangs on one small trial of adjuvant anlotinib in sarcoma of other sites.
# - Treated shares of several cohorts are not printed in what was read and are assumed (`calibration.yml` says which).
# - A second control after re-irradiation is an alternative and not the model: the randomised ratio of death holds what control does, and
#   both together would count it twice.
# - Walking changes no hazard in the model, because the cohorts that it is calibrated to mixed those who walked with those who did not;
#   the alternative in which it does is in the tables. That some paraplegic patients walk again was published of compression by metastasis.
# - How often care is withdrawn with a controlled tumour was published nowhere; the share is that after injury of the cord.
# - Which patients are still treated after progression is one chance for all; that the fitter are, is not modelled.
# - Every date but two is assumed.
# - Most published numbers do not say from when they count; they are taken from the operation or from the diagnosis of spread (`target_rule.yml`).

# %%
survsim.report.prose(
    numbers,
    """
Two more limits stand in numbers. Of the {priors.ratios:.0f} priors of ratios {priors.below_one:.0f} lean towards benefit (mean below one); with neutral priors
{neutral.from_progression} is the favoured step, and {neutral.from_surgery} the favoured strategy. And the ends of intervals are themselves simulated: they
may be off by a standard error of up to {next.interval_error.months:.1f} months from progression and {interval_error.from_surgery:.1f} months from surgery,
{next.interval_error.gains:.1f} and {interval_error.gains:.1f} for gains.
""",
)

# %% [markdown]
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, evidence)
