module wholewild

go 1.15
