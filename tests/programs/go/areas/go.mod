module areas

go 1.15
