module naps

go 1.15
