module wholerace

go 1.15
