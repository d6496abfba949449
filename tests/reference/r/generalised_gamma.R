# log survival of the generalised gamma far into both tails, by R's pgamma. Writes ../generalised_gamma.json.
library(jsonlite)
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
grid <- expand.grid(q = c(-2, -0.5, -0.05, -0.006, -0.004, -0.001, 0.001, 0.004, 0.006, 0.05, 0.3, 1, 2.5),
  w = c(-8, -4.6, -3, -1, -0.1, 0, 0.4, 1.5, 3, 4.6, 7))
a <- grid$q^-2
x <- a * exp(grid$q * grid$w)
grid$log_survival <- ifelse(grid$q > 0, pgamma(x, a, lower.tail = FALSE, log.p = TRUE), pgamma(x, a, log.p = TRUE))
grid$log_event <- ifelse(grid$q > 0, pgamma(x, a, log.p = TRUE), pgamma(x, a, lower.tail = FALSE, log.p = TRUE))
header <- list(program = R.version.string, call = "pgamma(q^-2 exp(q w), q^-2, log.p = TRUE)",
  made_by = "tests/reference/r/generalised_gamma.R", data = grid)
write(toJSON(header, digits = I(16), auto_unbox = TRUE, dataframe = "columns"), file.path(folder, "..", "generalised_gamma.json"))
