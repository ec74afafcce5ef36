# SPDX-License-Identifier: Apache-2.0
# Which layer may include what (docs/decisions.md): run as `cmake -D ROOT=... -P layers.cmake`.
# One row per folder: allowed = pattern of #include operands that may stand in its files.
cmake_minimum_required(VERSION 3.25)

set(libc "<(assert|errno|elf|fenv|inttypes|limits|math|stdbool|stddef|stdint|stdio|stdlib|string|immintrin)\\.h>")
set(core_libc "<(assert|limits|stdbool|stddef|stdint|stdlib|string)\\.h>")
set(local "\"[a-z0-9_]+\\.(h|def|inc)\"")
set(core_public "<vcxl/[a-z_]+\\.h>")
set(cxx "<[a-z_]+>")

set(problems "")
function(check folder allowed)
	file(GLOB_RECURSE files ${ROOT}/${folder}/*.c ${ROOT}/${folder}/*.h ${ROOT}/${folder}/*.cpp
		${ROOT}/${folder}/*.def ${ROOT}/${folder}/*.S)
	foreach(file IN LISTS files)
		set(skip FALSE)
		foreach(except IN LISTS ARGN)
			if(file MATCHES "^${ROOT}/${except}/")
				set(skip TRUE)
			endif()
		endforeach()
		if(skip)
			continue()
		endif()
		file(STRINGS ${file} includes REGEX "^[ \t]*#[ \t]*include")
		foreach(line IN LISTS includes)
			string(REGEX REPLACE "^[ \t]*#[ \t]*include[ \t]*([<\"][^>\"]*[>\"]).*" "\\1"
				operand "${line}")
			if(NOT operand MATCHES "^(${allowed})$")
				string(APPEND problems "${file}: ${operand}\n")
			endif()
		endforeach()
	endforeach()
	set(problems "${problems}" PARENT_SCOPE)
endfunction()

# the core: libc without stdio; its own headers
check(c_core "${core_libc}|${core_public}|${local}")
# ISS and devices: libc and the core's register and bit helpers, never SystemC; PCI devices its
# configuration space too
check(platform/iss "${libc}|<vcxl/(bits|le|regs|status|xor)\\.h>|${local}")
check(platform/dev "${libc}|<vcxl/(bits|le|pci|regs|status|trace)\\.h>|${local}")
# the model: core public headers, SystemC, TLM
check(model "${cxx}|${core_public}|<vcxl/tlm/[a-z_]+\\.h>|<tlm_utils/[a-z_]+\\.h>|${local}")
# the rest of the platform: iss, dev, model, core public, jansson, libfdt, POSIX
check(platform "${cxx}|${core_public}|<vcxl/tlm/[a-z_]+\\.h>|<tlm_utils/[a-z_]+\\.h>|<(iss|dev|uart16550|aclint|aplic|imsic_page|finisher|htif|virtio_[a-z]+)\\.h>|<(libfdt|jansson|elf|fcntl|signal|termios|unistd|poll|pthread|netdb)\\.h>|<(sys|netinet)/[a-z]+\\.h>|${local}"
	platform/iss platform/dev)
# guest software: its own headers, so that a wrong constant cannot cancel itself
check(sw/firmware "<(stdbool|stddef|stdint|stdarg|limits)\\.h>|${local}")

if(problems)
	message(FATAL_ERROR "includes that break the layering:\n${problems}")
endif()
message(STATUS "layers hold")
