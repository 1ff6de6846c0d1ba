module reals

go 1.15
