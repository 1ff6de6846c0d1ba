module mixed

go 1.15
