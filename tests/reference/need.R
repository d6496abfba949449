# What the scripts beside it need of R: ends with 2 and one line where a package is missing.
folder <- dirname(sub("--file=", "", grep("--file=", commandArgs(FALSE), value = TRUE)))
lines <- unlist(lapply(list.files(file.path(folder, "r"), pattern = "[.]R$", full.names = TRUE), readLines))
need <- unique(sub("library\\(", "", unlist(regmatches(lines, gregexpr("library\\([A-Za-z0-9.]+", lines)))))
gone <- need[!vapply(need, function(p) nzchar(system.file(package = p)), NA)]
if (length(gone)) {
  message("make reference needs these packages of R, which are not installed: ", paste(gone, collapse = ", "),
    ". Debian has them as ", paste0("r-cran-", tolower(gone), collapse = " "), ".")
  quit(status = 2)
}
