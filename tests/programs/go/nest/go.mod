module nest

go 1.15
