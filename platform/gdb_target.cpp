// SPDX-License-Identifier: Apache-2.0
//
// Registers as GDB sees them; see gdb_target.h.
#include "gdb_target.h"

#include <vector>

#include <vcxl/le.h>

#include "gdb_packet.h"
#include "hex.h"

namespace vcxl
{

namespace
{

constexpr unsigned pc_number = 32, first_f = 33, first_csr = 65, n_csrs = 4096;
constexpr unsigned priv_number = first_csr + n_csrs;
constexpr char unavailable[] = "xxxxxxxxxxxxxxxx";

/* clang-format off */
constexpr const char *x_names[] = {
	"zero", "ra", "sp", "gp", "tp", "t0", "t1", "t2", "fp", "s1", "a0", "a1", "a2", "a3", "a4", "a5",
	"a6", "a7", "s2", "s3", "s4", "s5", "s6", "s7", "s8", "s9", "s10", "s11", "t3", "t4", "t5", "t6",
};
constexpr const char *f_names[] = {
	"ft0", "ft1", "ft2", "ft3", "ft4", "ft5", "ft6", "ft7", "fs0", "fs1", "fa0", "fa1", "fa2", "fa3", "fa4", "fa5",
	"fa6", "fa7", "fs2", "fs3", "fs4", "fs5", "fs6", "fs7", "fs8", "fs9", "fs10", "fs11", "ft8", "ft9", "ft10", "ft11",
};
/* clang-format on */

std::string row(const char *name, unsigned number, const char *type)
{
	return std::string("<reg name=\"") + name + "\" bitsize=\"64\" regnum=\"" +
	       std::to_string(number) + "\" type=\"" + type + "\"/>\n";
}

std::string feature(const char *name, const std::string &rows)
{
	return std::string("<feature name=\"org.gnu.gdb.riscv.") + name + "\">\n" + rows +
	       "</feature>\n";
}

} // namespace

std::string gdb_target_xml()
{
	std::string cpu, fpu, csrs;

	for (unsigned i = 0; i < pc_number; i++)
		cpu += row(x_names[i], i, "int");
	cpu += row("pc", pc_number, "code_ptr");
	for (unsigned i = 0; i < first_csr - first_f; i++)
		fpu += row(f_names[i], first_f + i, "ieee_double");
	for (unsigned i = 0; i < n_csrs; i++) {
		char name[ISS_CSR_NAME_SIZE];

		if (iss_csr_name(i, name))
			csrs += row(name, first_csr + i, "int");
	}
	return "<?xml version=\"1.0\"?>\n<!DOCTYPE target SYSTEM \"gdb-target.dtd\">\n"
	       "<target>\n<architecture>riscv:rv64</architecture>\n" +
	       feature("cpu", cpu) + feature("fpu", fpu) + feature("csr", csrs) +
	       feature("virtual", row("priv", priv_number, "int")) + "</target>\n";
}

bool gdb_read_register(iss_hart *hart, uint64_t number, std::string &hex)
{
	uint64_t value = 0;
	char name[ISS_CSR_NAME_SIZE];

	if (number > priv_number)
		return false;
	const unsigned n = static_cast<unsigned>(number);

	if (n < first_csr)
		value = iss_hart_reg(hart, n);
	else if (n == priv_number)
		value = iss_hart_priv(hart);
	else if (!iss_csr_name(n - first_csr, name))
		return false;
	else if (!iss_hart_csr_read(hart, n - first_csr, &value)) {
		hex = unavailable;
		return true;
	}
	hex = gdb_hex_le(value, 8);
	return true;
}

bool gdb_write_register(iss_hart *hart, uint64_t number, const std::string &hex)
{
	std::vector<uint8_t> bytes;

	if (number >= priv_number || !from_hex(hex, bytes) || bytes.size() != 8)
		return false;
	const uint64_t value = vcxl_load_le(bytes.data(), 8);
	const unsigned n = static_cast<unsigned>(number);

	if (n >= first_csr)
		return iss_hart_csr_write(hart, n - first_csr, value);
	iss_hart_set_reg(hart, n, value);
	return true;
}

} // namespace vcxl
