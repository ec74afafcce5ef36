/* SPDX-License-Identifier: Apache-2.0 */
/* Persistent memory security: the state machine of passphrases. CXL r3.1 8.2.9.9.8. */
#include "test_memdev_fixture.h"

using namespace vcxl_test;

namespace
{

constexpr unsigned master = 0, user = 1;
/* Security State */
constexpr unsigned user_set = 1, master_set = 2, locked = 4, frozen = 8, user_limit = 0x10,
		   master_limit = 0x20;

void append(std::vector<uint8_t> &in, const char *text)
{
	std::vector<uint8_t> pass(text, text + strlen(text));
	pass.resize(32);
	in.insert(in.end(), pass.begin(), pass.end());
}

std::vector<uint8_t> typed(unsigned type)
{
	std::vector<uint8_t> in(32);
	in[0] = static_cast<uint8_t>(type);
	return in;
}

unsigned state(device &d)
{
	const reply r = d.command(0x4500);
	EXPECT_EQ(r.rc, 0u);
	EXPECT_EQ(r.out.size(), 4u);
	return static_cast<unsigned>(le(r.out, 0, 4));
}

unsigned set(device &d, unsigned type, const char *now, const char *next)
{
	std::vector<uint8_t> in = typed(type);
	append(in, now);
	append(in, next);
	return d.command(0x4501, in).rc;
}

unsigned with_pass(device &d, uint16_t opcode, unsigned type, const char *now)
{
	std::vector<uint8_t> in = typed(type);
	append(in, now);
	return d.command(opcode, in).rc;
}

unsigned disable(device &d, unsigned type, const char *now)
{
	return with_pass(d, 0x4502, type, now);
}

unsigned erase(device &d, unsigned type, const char *now)
{
	return with_pass(d, 0x4505, type, now);
}

unsigned unlock(device &d, const char *now)
{
	std::vector<uint8_t> in;
	append(in, now);
	return d.command(0x4503, in).rc;
}

unsigned freeze(device &d)
{
	return d.command(0x4504).rc;
}

constexpr uint64_t pmem = window + 512 * mib;

void map_all(device &d)
{
	ASSERT_EQ(d.commit(0, window, 512 * mib) >> 10 & 3, 1u);
	ASSERT_EQ(d.commit(1, pmem, 512 * mib) >> 10 & 3, 1u);
	d.enable();
	d.invalidated.clear();
}

/* A user's passphrase "u", and a reset that locks: decoders are gone. */
void lock(device &d)
{
	ASSERT_EQ(set(d, user, "", "u"), 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	ASSERT_EQ(state(d) & ~master_set, user_set | locked);
}

} /* namespace */

TEST(security, nothing_is_set_at_first)
{
	device d;

	EXPECT_EQ(state(d), 0u);
}

TEST(security, passphrases_are_set_changed_and_disabled)
{
	device d;

	EXPECT_EQ(set(d, master, "ignored, none is set", "m"), 0u);
	EXPECT_EQ(state(d), master_set);
	EXPECT_EQ(set(d, master, "m", "m2"), 0u);
	EXPECT_EQ(set(d, user, "", "u"), 0u);
	EXPECT_EQ(state(d), master_set | user_set);
	EXPECT_EQ(set(d, user, "u", "u2"), 0u);
	EXPECT_EQ(disable(d, user, "u"), 0x14u) << "the old one";
	EXPECT_EQ(disable(d, user, "u2"), 0u);
	EXPECT_EQ(state(d), master_set);
	EXPECT_EQ(disable(d, master, "m2"), 0u);
	EXPECT_EQ(state(d), 0u);
}

TEST(security, commands_out_of_place_are_an_invalid_security_state)
{
	device d;

	EXPECT_EQ(disable(d, user, ""), 0x13u) << "not set";
	EXPECT_EQ(disable(d, master, ""), 0x13u);
	EXPECT_EQ(unlock(d, ""), 0x13u) << "not locked";
	EXPECT_EQ(set(d, user, "", "u"), 0u);
	EXPECT_EQ(unlock(d, "u"), 0x13u) << "not locked";
	EXPECT_EQ(set(d, master, "", "m"), 0x13u) << "after the user's";
	EXPECT_EQ(state(d), user_set);
}

TEST(security, another_type_is_invalid_input)
{
	device d;

	for (unsigned type : { 2u, 0xffu }) {
		EXPECT_EQ(set(d, type, "", "x"), 2u);
		EXPECT_EQ(disable(d, type, ""), 2u);
		EXPECT_EQ(erase(d, type, ""), 2u);
	}
}

TEST(security, every_byte_of_a_passphrase_counts)
{
	device d;

	ASSERT_EQ(set(d, user, "", "0123456789abcdef0123456789abcdef"), 0u);
	EXPECT_EQ(disable(d, user, "0123456789abcdef0123456789abcdeF"), 0x14u);
	EXPECT_EQ(disable(d, user, "0123456789abcdef0123456789abcdef"), 0u);
}

TEST(security, conventional_resets_lock_and_others_do_not)
{
	device d;

	ASSERT_EQ(set(d, user, "", "u"), 0u);
	for (vcxl_reset kind : { VCXL_RESET_FLR, VCXL_RESET_CXL }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(state(d), user_set);
	}
	for (vcxl_reset kind : { VCXL_RESET_HOT, VCXL_RESET_COLD }) {
		vcxl_memdev_reset(d.md, kind);
		EXPECT_EQ(state(d), user_set | locked);
		EXPECT_EQ(unlock(d, "u"), 0u);
		EXPECT_EQ(state(d), user_set);
	}
}

TEST(security, without_the_users_passphrase_a_reset_does_not_lock)
{
	device d;

	ASSERT_EQ(set(d, master, "", "m"), 0u);
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(state(d), master_set);
}

TEST(security, locked_memory_is_not_accessible_and_the_rest_is)
{
	device d;
	vcxl_dmi dmi;

	d.persistent_bytes.data()[0] = 0x77;
	lock(d);
	map_all(d);
	EXPECT_EQ(d.load(pmem), VCXL_E_MEDIA);
	EXPECT_EQ(d.store(pmem, 1), VCXL_E_MEDIA);
	EXPECT_FALSE(vcxl_memdev_dmi(d.md, pmem, &dmi));
	EXPECT_EQ(d.load(window), VCXL_OK);
	EXPECT_TRUE(vcxl_memdev_dmi(d.md, window, &dmi));
	EXPECT_EQ(d.command(0x4102, bytes_of({ { 0, 4 }, { 8, 4 } })).rc, 0u) << "labels";
	std::vector<uint8_t> clear = bytes_of({ { 512 * mib, 8 } });
	clear.resize(0x48);
	EXPECT_EQ(d.command(0x4302, clear).rc, 0x13u);
	EXPECT_EQ(
		d.command(0x4402, bytes_of({ { 0x101, 4 }, { 1, 4 }, { 512 * mib, 8 }, { 64, 8 } }))
			.rc,
		0x13u);
	EXPECT_EQ(unlock(d, "u"), 0u);
	EXPECT_EQ(d.invalidated, (std::vector<range>{ { pmem, 512 * mib } }));
	uint64_t value = 0;
	EXPECT_EQ(d.load(pmem, &value), VCXL_OK);
	EXPECT_EQ(value, 0x77u);
	EXPECT_TRUE(vcxl_memdev_dmi(d.md, pmem, &dmi));
}

TEST(security, case_38_three_wrong_tries_shut_the_door_until_reset)
{
	device d;

	lock(d);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(unlock(d, "wrong"), 0x14u);
	EXPECT_EQ(state(d), user_set | locked | user_limit);
	EXPECT_EQ(unlock(d, "u"), 0x13u) << "even the right one";
	EXPECT_EQ(disable(d, user, "u"), 0x13u);
	EXPECT_EQ(erase(d, user, "u"), 0x13u);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	EXPECT_EQ(state(d), user_set | locked);
	EXPECT_EQ(unlock(d, "u"), 0u);
}

TEST(security, tries_are_counted_for_each_passphrase_and_a_right_one_starts_over)
{
	device d;

	ASSERT_EQ(set(d, master, "", "m"), 0u);
	ASSERT_EQ(set(d, user, "", "u"), 0u);
	EXPECT_EQ(disable(d, user, "x"), 0x14u);
	EXPECT_EQ(set(d, user, "x", "y"), 0x14u);
	EXPECT_EQ(set(d, user, "u", "u"), 0u);
	EXPECT_EQ(erase(d, user, "x"), 0x14u);
	EXPECT_EQ(disable(d, user, "x"), 0x14u);
	EXPECT_EQ(state(d), master_set | user_set);
	for (unsigned i = 0; i < 3; i++)
		EXPECT_EQ(erase(d, master, "x"), 0x14u);
	EXPECT_EQ(state(d), master_set | user_set | master_limit);
	EXPECT_EQ(erase(d, master, "m"), 0x13u);
	EXPECT_EQ(disable(d, user, "u"), 0u) << "the user's has a try left";
}

TEST(security, frozen_refuses_every_change_until_reset)
{
	device d;

	ASSERT_EQ(set(d, master, "", "m"), 0u);
	lock(d);
	EXPECT_EQ(freeze(d), 0u);
	EXPECT_EQ(freeze(d), 0u) << "again";
	EXPECT_EQ(state(d), master_set | user_set | locked | frozen);
	EXPECT_EQ(unlock(d, "u"), 0x13u);
	EXPECT_EQ(set(d, user, "u", "v"), 0x13u);
	EXPECT_EQ(disable(d, user, "u"), 0x13u);
	EXPECT_EQ(erase(d, master, "m"), 0x13u);
	vcxl_memdev_reset(d.md, VCXL_RESET_FLR);
	EXPECT_EQ(state(d) & frozen, frozen);
	vcxl_memdev_reset(d.md, VCXL_RESET_HOT);
	EXPECT_EQ(state(d), master_set | user_set | locked);
}

TEST(security, passphrase_secure_erase_buys_memory_back_empty)
{
	for (unsigned type : { master, user }) {
		device d;
		ASSERT_EQ(set(d, master, "", "m"), 0u);
		d.persistent_bytes.data()[5] = 1;
		d.volatile_bytes.data()[5] = 1;
		lock(d);
		EXPECT_EQ(erase(d, type, "x"), 0x14u);
		EXPECT_EQ(d.persistent_bytes.data()[5], 1);
		EXPECT_EQ(erase(d, type, type == user ? "u" : "m"), 0u);
		EXPECT_EQ(state(d), master_set);
		EXPECT_EQ(d.persistent_bytes.data()[5], 0);
		EXPECT_EQ(d.volatile_bytes.data()[5], 1);
	}
}

TEST(security, passphrase_secure_erase_without_passphrases)
{
	device d;

	d.persistent_bytes.data()[5] = 1;
	EXPECT_EQ(erase(d, master, ""), 2u);
	EXPECT_EQ(d.persistent_bytes.data()[5], 1);
	EXPECT_EQ(erase(d, user, ""), 0u);
	EXPECT_EQ(d.persistent_bytes.data()[5], 0);
}

TEST(security, sanitize_and_secure_erase_need_no_passphrase_and_no_lock)
{
	device d;

	ASSERT_EQ(set(d, user, "", "u"), 0u);
	d.persistent_bytes.data()[5] = 1;
	EXPECT_EQ(d.command(0x4400).rc, 0x13u);
	EXPECT_EQ(d.command(0x4401).rc, 0x13u);
	vcxl_memdev_reset(d.md, VCXL_RESET_COLD);
	EXPECT_EQ(d.command(0x4400).rc, 0x13u);
	EXPECT_EQ(d.persistent_bytes.data()[5], 1);
	EXPECT_EQ(disable(d, user, "u"), 0u) << "which unlocks";
	EXPECT_EQ(state(d), 0u);
	EXPECT_EQ(d.command(0x4401).rc, 0u);
	EXPECT_EQ(d.command(0x4400).rc, 1u);
}

TEST(security, without_persistent_memory_only_the_state_is_there)
{
	options o;
	o.persistent_size = 0;
	device d(o);

	EXPECT_EQ(state(d), 0u);
	EXPECT_EQ(set(d, user, "", "u"), 3u);
	EXPECT_EQ(disable(d, user, "u"), 3u);
	EXPECT_EQ(unlock(d, "u"), 3u);
	EXPECT_EQ(freeze(d), 3u);
	EXPECT_EQ(erase(d, user, "u"), 3u);
}
