#include <iostream>

#include "ops/cli/program.h"

int main(int argc, char** argv) { return keyfold::ops::run_program(argc, argv, std::cout, std::cerr); }
