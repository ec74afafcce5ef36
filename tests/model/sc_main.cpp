// SPDX-License-Identifier: Apache-2.0
//
// Entry point of the model's tests. SystemC allows one elaboration per process: run each test by
// itself, as ctest does.
#include <gtest/gtest.h>
#include <systemc>

int sc_main(int argc, char **argv)
{
	testing::InitGoogleTest(&argc, argv);
	return RUN_ALL_TESTS();
}
