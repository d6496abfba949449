# %% [markdown]
# # How far can the case model be believed?
#
# **Question.** Report 03 compares treatment strategies for one woman by a model whose numbers come from other tumours.
# Is its program right, does it give back numbers that it was not made from, and what has nobody judged yet?

# %%
import survsim

numbers = survsim.report.load_ledger("08_validation")
folder = survsim.report.results_folder("08_validation")
targets = survsim.report.load_results("targets", "08_validation")

# %%
survsim.report.prose(
    numbers,
    """
**Answer.** The program does what the scenario says: the largest distance from a closed form is {closed.worst:.1f} Monte
Carlo standard errors over {closed.comparisons} comparisons, a strategy compared with itself differs by
{equal.difference:.0f unit}, and {extremes.held} of {extremes.tried} extremes end where they must.
Of {hold_out.targets} targets that were held out, published numbers and one prediction of another model, {hold_out.inside} lie inside their {level:.0%} interval
({hold_out.share:.0%}; {hold_out.share:.0% limits} were they independent; taken by series, which stand or fall together,
{hold_out.by_series.share:.0%}, {hold_out.by_series.share:.0% limits}), among them {hold_out.spinal.inside} of {hold_out.spinal.targets} from the
spinal canal, of which {hold_out.largest_series.targets} are of one series of {hold_out.largest_series.patients} patients. That the sampler gives true
posteriors was tried on a course of {ranks.parameters} parameters, not on the {sampler.parameters} of the case model. The intervals are wide, and a wide interval is easily hit: this says that nothing gross was found,
not that the model is precise; patients chosen for an operation or a trial lived longer than it says. No one outside the project has judged its structure, and nobody has been followed
who was treated after it was made.
""",
)

# %% [markdown]
# ## Face: what the model is
#
# The picture and the table are made from the scenario file. Whoever knows the disease can say here what is missing. States that
# were tried and left out, a second remission among them, are structural alternatives of report 03. Walking and not walking are
# one box: losing it changes how a patient lives, not what she may die of.

# %%
ways = survsim.report.load_results("ways", "08_validation")
drawn = survsim.figures.state_diagram(ways[ways["drawn"]], width="174mm")

# %%
survsim.report.table(
    ways,
    title="The ways between states",
    labels={
        "number": "way",
        "source": "from",
        "target": "to",
        "hazard": "law of its time, and its parameters",
        "hidden_factor": "hidden factor",
        "acting": "treatments that act on it",
    },
    missing="none",
)

# %% [markdown]
# ## Internal: is the program right?
#
# **Closed forms.** Without treatment after surgery, survival and progression-free survival follow from the calibrated
# hazards by quadrature, without simulating anybody. Both roads take the same draws of the parameters.

# %%
survsim.report.table(
    survsim.report.load_results("closed_forms", "08_validation"),
    title="Surgery alone, by quadrature and by simulation",
    labels={
        "endpoint": "endpoint",
        "time": "months",
        "closed_form": "closed form",
        "simulated": "simulated",
        "mc_std_error": "Monte Carlo SE",
        "in_errors": "difference in SE",
        "draws_within": "draws within 1.96 SE",
    },
    decimals={"closed_form": 4, "simulated": 4, "mc_std_error": 4, "in_errors": 2, "time": 0},
    notes="Means over the draws. Last column: share of single draws of the parameters in which the two agree within "
    "1.96 of their own standard errors; 0.95 is expected.",
)

# %%
survsim.report.prose(
    numbers,
    """
Of the single draws {closed.draws_within:.0%} agree within their errors: {closed.draws_within.told}.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("extremes", "08_validation"),
    title="Parameters pushed to their ends",
    labels={
        "pushed": "what is pushed",
        "must_follow": "what must follow",
        "found": "found",
        "holds": "holds",
    },
    decimals={"found": 3},
    notes="Months of life to month 24; where the row says a count, the number of draws of parameters.",
)

# %%
survsim.report.prose(
    numbers,
    """
**The sampler.** The posterior of the calibration rests on {sampler.points} weighted points that are worth
{sampler.effective:.0f} independent ones (Pareto k {sampler.pareto_k:.2f}; above a half the weights have no finite variance).
Simulation-based calibration draws parameters from their priors, publishes numbers from them, calibrates, and looks where
the true parameters fall among the draws, evenly if all is right: {ranks.told}.

*This was done with another model than the case model*: a course of {ranks.parameters} parameters with invented studies, where the
case model has {sampler.parameters} and published numbers. Likelihood and sampler are the same program; that the posterior of the case model
itself is right follows from it only as far as more parameters bring no new fault.
""",
)

# %%
survsim.report.table(
    survsim.report.load_results("ranks", "08_validation"),
    title="Ranks of true parameters of the small course, not of the case model: largest distance from evenness, and the band",
    labels={
        "run": "sampler",
        "parameter": "parameter of the small course",
        "distance": "distance",
        "band": "99% band",
        "inside": "inside",
    },
    decimals=3,
    notes="The run with halved standard errors is a planted fault: it has to leave the band.",
)

# %% [markdown]
# ## External: published numbers
#
# Bars are the 80% intervals of what such a study would print: sampling error, differences between studies, transport and
# uncertain parameters together. Orange ones were held out: the model was made without them.

# %%
checks = survsim.read_result(folder / "checks.json")
panels = checks.plot(labels=dict(zip(targets["label"], targets["name"])))

# %%
survsim.report.table(
    survsim.report.load_results("places", "08_validation").replace(
        {"use": {"fit": "used", "hold_out": "held out"}}
    ),
    title="Targets inside their 80% interval, by where the tumours lay",
    labels={"place": "place", "use": "use", "targets": "targets", "inside": "inside"},
)

# %%
survsim.report.table(
    survsim.report.load_results("series", "08_validation"),
    title="Held-out targets by series: numbers of one series are of the same patients",
    labels={"series": "series", "targets": "targets", "inside": "inside", "share": "share"},
)

# %%
survsim.report.table(
    targets[targets["use"] == "hold_out"],
    title="The held-out targets",
    labels={
        "name": "target",
        "quantity": "printed",
        "place": "place",
        "observed": "published",
        "predicted": "predicted",
        "predicted_low": "10%",
        "predicted_high": "90%",
        "inside": "inside",
        "pit": "P(less)",
    },
    decimals={"observed": 3, "predicted": 3, "predicted_low": 3, "predicted_high": 3, "pit": 2},
    notes="Medians in months; survival as a share. P(less) is the predictive probability of a smaller value: near 0 "
    "or 1 the model is surprised.",
)

# %%
survsim.report.prose(
    numbers,
    """
**What the share means.** Held-out numbers fall inside in {hold_out.inside} of {hold_out.targets} cases, a share of
{hold_out.share:.0%} with an exact binomial interval of {hold_out.share:.0% limits}. An honest model has {level:.0%} there in the
long run, which that interval holds; with so few targets it would hold much else. It also takes each number as
independent, and {hold_out.largest_series.targets} of them, {hold_out.largest_series.inside} inside, are readings of one series of
{hold_out.largest_series.patients} patients ({hold_out.largest_series}). Counting each of the {hold_out.by_series.n} series once, by the share of its numbers
that are inside, gives {hold_out.by_series.share:.0%} with {hold_out.by_series.share:.0% limits}, the binomial interval of as many independent
numbers as there are series; the truth lies between the two. Of those outside, {hold_out.above} are better
than predicted and {hold_out.below} worse; a number above its interval says that the model lets such patients die too
early. The two arms of the trial of craniospinal irradiation are not wholly new to the model, as the ratio between them is used.

Of the used numbers {fit.inside} of {fit.targets} are inside. More than {level:.0%} is to be expected of numbers that the model
has seen; that nearly all are says that transport and differences between studies are assumed generously, which is on
purpose and widens every interval of the case model.
""",
)

# %% [markdown]
# ## Cross: another model
#
# The joint model of report 04 knows nothing of states or treatments: it takes every published survival of carcinosarcoma
# and asks for advanced disease at a site that nobody studied. The single cases of the nervous system are in both models; of
# the published numbers none is in both.

# %%
survsim.report.table(
    survsim.report.load_results("cross", "08_validation"),
    title="Chance to be alive",
    labels={
        "model": "model",
        "time": "months",
        "alive": "alive",
        "conf_low": "2.5%",
        "conf_high": "97.5%",
    },
    decimals={"time": 0},
    notes="Time counts from surgery in the case model, from origins mostly not stated in the other.",
)

# %%
survsim.report.prose(
    numbers,
    """
The case model puts survival to one year at {alive_12.as_treated:.0%} as treated and {alive_12.surgery_alone:.0%} after surgery
alone, the joint model at {joint_12:.0%} for whatever was given. Intervals as wide as these could hardly contradict each
other; the middles are what can be compared. They need not agree: one speaks of carcinosarcoma of other organs, often
spread when counting began, the other of resected tumours of the canal, mostly gliomas in the young.
""",
)

# %% [markdown]
# ## Predictive: one patient at a time
#
# Each published patient with carcinosarcoma in the nervous system and a time, predicted by a calibration that saw none of
# them. The index case is never a target. All were published before the model was made: nobody has been predicted forward.

# %%
survsim.report.table(
    survsim.report.load_results("cases", "08_validation"),
    title="Single cases, predicted without any of them",
    labels={
        "label": "case",
        "quantity": "known",
        "observed": "months",
        "predicted": "predicted median",
        "predicted_low": "10%",
        "predicted_high": "90%",
        "inside": "compatible",
        "pit": "probability of less",
    },
    decimals={
        "observed": 0,
        "predicted": 1,
        "predicted_low": 1,
        "predicted_high": 1,
        "pit": 2,
    },
    notes="A patient free of the event at a time is compatible unless the interval ends before it.",
)

# %%
survsim.report.prose(
    numbers,
    """
{cases.inside} of {cases.held_out} are compatible with what was predicted, a median of {cases.median:.1f} months and an {level:.0%}
interval of {cases.median:.1f limits}. Of {cases.alive} patients alive at last news {cases.alive_inside} are; the longest
was alive at {cases.longest:.0f} months. Most of these patients had spread to the brain or the meninges, had other care, and were
published because they were remarkable. The index case lived {case.survival:.0f} months from surgery.
""",
)

# %% [markdown]
# ## Where each item of the validation lists is answered
#
# The items are those of AdViSHE [1], in our words, each with the kind of validity of the ISPOR-SMDM task force [2] that it
# belongs to.

# %%
survsim.report.table(
    survsim.report.load_results("items", "08_validation"),
    title="Items",
    labels={
        "item": "item",
        "asks": "what it asks",
        "kind": "kind of validity",
        "state": "state",
        "where": "where it is answered",
    },
)

# %%
survsim.report.prose(
    numbers,
    """
{items.done} items are done, {items.in_part} in part, {items.open} are open. The open ones have one thing in common: they need
people from outside.
""",
)

# %% [markdown]
# ## Limits
#
# - Used and held-out targets were chosen by one group of people, who knew the numbers when they wrote the rule.
# - Treatment effects cannot be validated here: no patients with this tumour were compared under two treatments.
# - Simulation-based calibration was done for a small course of disease, not for the case model.
# - A held-out target of another tumour tests the course of that tumour and the width of the transport, not this disease.
# - Predictive validity in the strict sense needs patients who are treated after today.
#
# 1. Vemer P, Corro Ramos I, van Voorn GAK, Al MJ, Feenstra TL. AdViSHE: a validation-assessment tool of health-economic
#    models for decision makers and model users. PharmacoEconomics 2016; 34: 349-361. doi 10.1007/s40273-015-0327-2
# 2. Eddy DM, Hollingworth W, Caro JJ, Tsevat J, McDonald KM, Wong JB. Model transparency and validation: a report of the
#    ISPOR-SMDM Modeling Good Research Practices Task Force-7. Medical Decision Making 2012; 32: 733-743.
#    doi 10.1177/0272989X12454579
#
# ## Methods

# %%
survsim.report.methods_text(numbers)

# %% [markdown]
# ## References

# %%
survsim.report.cited(numbers, survsim.load_evidence())
