# SPDX-License-Identifier: Apache-2.0
# All C and C++ files are formatted: run as `cmake -D ROOT=... -D CLANG_FORMAT=... -P format.cmake`.
cmake_minimum_required(VERSION 3.25)
set(files "")
foreach(folder c_core model platform sw tests examples)
	file(GLOB_RECURSE found ${ROOT}/${folder}/*.c ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.cpp)
	list(APPEND files ${found})
endforeach()
execute_process(COMMAND ${CLANG_FORMAT} --dry-run --Werror ${files}
	RESULT_VARIABLE result ERROR_VARIABLE output)
if(NOT result EQUAL 0)
	message(FATAL_ERROR "not formatted (clang-format -i mends it):\n${output}")
endif()
list(LENGTH files count)
message(STATUS "${count} files are formatted")
