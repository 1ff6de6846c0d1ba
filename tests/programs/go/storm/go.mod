module storm

go 1.15
