# SPDX-License-Identifier: Apache-2.0
# vcxl_test(name LABEL label SOURCES file... [LIBS lib...] [TIMEOUT seconds] [NO_MAIN] [FULL_LABEL label]):
# a GoogleTest executable, each of its tests a ctest of its own. NO_MAIN: the sources bring main() or
# sc_main(). FULL_LABEL: label of those whose suite is full or full/...
function(vcxl_test name)
	cmake_parse_arguments(T "NO_MAIN" "LABEL;TIMEOUT;FULL_LABEL" "SOURCES;LIBS" ${ARGN})
	if(NOT T_TIMEOUT)
		set(T_TIMEOUT 60)
	endif()
	add_executable(${name} ${T_SOURCES})
	target_link_libraries(${name} PRIVATE ${T_LIBS} vcxl_warnings)
	if(NOT T_NO_MAIN)
		target_link_libraries(${name} PRIVATE GTest::gtest_main)
	endif()
	set(full "full*")
	if(T_FULL_LABEL)
		gtest_discover_tests(${name}
			DISCOVERY_MODE PRE_TEST
			TEST_FILTER "${full}"
			PROPERTIES LABELS ${T_FULL_LABEL} TIMEOUT ${T_TIMEOUT})
	endif()
	gtest_discover_tests(${name}
		DISCOVERY_MODE PRE_TEST
		TEST_FILTER "-${full}"
		PROPERTIES LABELS ${T_LABEL} TIMEOUT ${T_TIMEOUT})
endfunction()
