module example.com/orch

go 1.15
