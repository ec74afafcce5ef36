# SPDX-License-Identifier: Apache-2.0
# Installs into a prefix that did not exist before, then uses it as a stranger would.
cmake_minimum_required(VERSION 3.25)

function(run)
	execute_process(COMMAND ${ARGN} RESULT_VARIABLE status)
	if(status)
		list(JOIN ARGN " " command)
		message(FATAL_ERROR "status ${status} of: ${command}")
	endif()
endfunction()

set(prefix ${WORK}/prefix)
file(REMOVE_RECURSE ${WORK})
file(MAKE_DIRECTORY ${WORK})
run(${CMAKE_COMMAND} --install ${BUILD} --prefix ${prefix})

run(${CMAKE_COMMAND} -S ${EXAMPLE} -B ${WORK}/example -G ${GENERATOR}
	-D CMAKE_PREFIX_PATH=${prefix} -D CMAKE_CXX_COMPILER=${CXX} -D CMAKE_BUILD_TYPE=Release
	-D CMAKE_CXX_FLAGS=${CXX_FLAGS})
run(${CMAKE_COMMAND} --build ${WORK}/example)
run(${WORK}/example/traffic_generator)

set(ENV{PKG_CONFIG_PATH} ${prefix}/${LIBDIR}/pkgconfig)
execute_process(COMMAND ${PKG_CONFIG} --cflags --libs vcxl
	OUTPUT_VARIABLE flags OUTPUT_STRIP_TRAILING_WHITESPACE COMMAND_ERROR_IS_FATAL ANY)
separate_arguments(flags UNIX_COMMAND "${flags}")
separate_arguments(cxx_flags UNIX_COMMAND "${CXX_FLAGS}")
run(${CXX} ${cxx_flags} ${ONE_FILE} -o ${WORK}/one_file ${flags})
run(${WORK}/one_file)
