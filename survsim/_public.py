"""The public names and the module each lives in. One line a name; a test imports every one of them."""

PUBLIC: dict[str, str] = {
    # core
    "Surv": "survsim.core.surv",
    "Ledger": "survsim.core.ledger",
    "Provenance": "survsim.core.provenance",
    "SurvsimError": "survsim.core.errors",
    "InputError": "survsim.core.errors",
    "EvidenceError": "survsim.core.errors",
    "ScenarioError": "survsim.core.errors",
    "ConvergenceError": "survsim.core.errors",
    "ConvergenceWarning": "survsim.core.errors",
    "ExtrapolationWarning": "survsim.core.errors",
    "EvidenceWarning": "survsim.core.errors",
    "SmallSampleWarning": "survsim.core.errors",
}
