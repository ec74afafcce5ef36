# SPDX-License-Identifier: Apache-2.0
# A document is, or ends in (END), what its generator prints: cmake -D GENERATOR=... -D NAME=... -D
# FILE=... [-D END=ON] -P
cmake_minimum_required(VERSION 3.25)
execute_process(COMMAND ${GENERATOR} ${NAME} OUTPUT_VARIABLE printed RESULT_VARIABLE result)
file(READ ${FILE} kept)
if(END)
	string(LENGTH "${printed}" length)
	string(LENGTH "${kept}" whole)
	if(whole GREATER length)
		math(EXPR begin "${whole} - ${length}")
		string(SUBSTRING "${kept}" ${begin} -1 kept)
	endif()
endif()
if(NOT result EQUAL 0 OR NOT printed STREQUAL kept)
	message(FATAL_ERROR "${FILE} is not what its tables say; run: vcxl_gen_docs ${NAME} > ${FILE}")
endif()
