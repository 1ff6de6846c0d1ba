module errands

go 1.15
