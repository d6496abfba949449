"""Cox regression and what follows from a fit: residuals, checks, predictions, validation, penalties, frailty."""
