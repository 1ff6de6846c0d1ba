module obeys

go 1.15
