# A Markov model of states that may be seen wrongly: msm() with ematrix on its own data cav, the first visit taken as true, as in
# the manual of msm. Writes ../panel_hidden.json.
suppressPackageStartupMessages({library(msm); library(jsonlite)})
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
q <- rbind(c(0, .148, 0, .0171), c(0, 0, .202, .081), c(0, 0, 0, .126), c(0, 0, 0, 0))
e <- rbind(c(0, .1, 0, 0), c(.1, 0, .1, 0), c(0, .1, 0, 0), c(0, 0, 0, 0))
pairs <- cbind(c(1, 1, 2, 2, 3), c(2, 4, 3, 4, 4)); wrong <- cbind(c(1, 2, 2, 3), c(2, 1, 3, 2))
fit <- msm(state ~ years, subject = PTNUM, data = cav, qmatrix = q, ematrix = e, deathexact = 4, obstrue = firstobs, method = "BFGS",
  control = list(fnscale = 4000, maxit = 10000))
est <- qmatrix.msm(fit); em <- ematrix.msm(fit)
out <- list(program = paste("R", getRversion()), version = paste("msm", packageVersion("msm")),
  call = "msm(state ~ years, PTNUM, cav, qmatrix, ematrix, deathexact = 4, obstrue = firstobs)", minus2loglik = fit$minus2loglik,
  intensity = est$estimates[pairs], std_error = est$SE[pairs], misclassified = em$estimates[wrong],
  # of the log odds: the errors that ematrix.msm prints leave out how the chances of one state go together.
  log_odds_error = unname(sqrt(diag(fit$covmat))[names(fit$estimates) == "p"]))
writeLines(toJSON(out, digits = 15, auto_unbox = TRUE, na = "null"), file.path(folder, "..", "panel_hidden.json"))
