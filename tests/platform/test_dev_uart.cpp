// SPDX-License-Identifier: Apache-2.0
//
// UART against the PC16550D data sheet, and the register sequence by which Linux's 8250 driver
// tells a 16550A from its relatives.
#include <gtest/gtest.h>

#include <string>

#include <uart16550.h>

namespace
{

class uart : public testing::Test
{
protected:
	uart()
	{
		vcxl_uart_wires wires{};

		wires.ctx = this;
		wires.transmit = [](void *ctx, uint8_t byte) {
			static_cast<uart *>(ctx)->sent += static_cast<char>(byte);
		};
		wires.irq = [](void *ctx, bool level) {
			uart *self = static_cast<uart *>(ctx);

			self->irq = level;
			self->irq_changes++;
		};
		vcxl_uart_init(&device, &wires);
	}
	unsigned rd(uint64_t offset)
	{
		uint64_t value = ~uint64_t{ 0 };

		EXPECT_TRUE(vcxl_uart_ops.read(&device, offset, 1, &value));
		return static_cast<unsigned>(value);
	}
	void wr(uint64_t offset, uint64_t value)
	{
		EXPECT_TRUE(vcxl_uart_ops.write(&device, offset, 1, value));
	}

	vcxl_uart device;
	std::string sent;
	bool irq = false;
	unsigned irq_changes = 0;
};

TEST_F(uart, reset_values)
{
	EXPECT_EQ(rd(1), 0x00u);
	EXPECT_EQ(rd(2), 0x01u);
	EXPECT_EQ(rd(3), 0x00u);
	EXPECT_EQ(rd(4), 0x00u);
	EXPECT_EQ(rd(5), 0x60u);
	EXPECT_EQ(rd(6), 0xb0u);
	EXPECT_FALSE(irq);
}

TEST_F(uart, written_byte_is_transmitted_and_holding_register_stays_empty)
{
	wr(0, 'h');
	wr(0, 'i');
	EXPECT_EQ(sent, "hi");
	EXPECT_EQ(rd(5), 0x60u);
}

TEST_F(uart, received_bytes_come_out_in_order)
{
	wr(2, 0x01);
	EXPECT_EQ(vcxl_uart_room(&device), 16u);
	for (char c : std::string("abc"))
		EXPECT_TRUE(vcxl_uart_receive(&device, static_cast<uint8_t>(c)));
	EXPECT_EQ(vcxl_uart_room(&device), 13u);
	EXPECT_EQ(rd(5), 0x61u);
	EXPECT_EQ(rd(0), unsigned{ 'a' });
	EXPECT_EQ(rd(0), unsigned{ 'b' });
	EXPECT_EQ(rd(0), unsigned{ 'c' });
	EXPECT_EQ(rd(5), 0x60u);
	EXPECT_EQ(rd(0), 0u);
}

TEST_F(uart, without_fifo_second_byte_overruns)
{
	EXPECT_TRUE(vcxl_uart_receive(&device, 'a'));
	EXPECT_FALSE(vcxl_uart_receive(&device, 'b'));
	EXPECT_EQ(rd(5), 0x63u);
	EXPECT_EQ(rd(5), 0x61u) << "reading LSR clears the overrun error";
	EXPECT_EQ(rd(0), unsigned{ 'a' });
}

TEST_F(uart, break_is_a_zero_byte_a_status_bit_and_a_line_interrupt)
{
	wr(1, 0x04);
	vcxl_uart_break(&device);
	EXPECT_EQ(rd(2), 0x06u);
	EXPECT_EQ(rd(5), 0x71u);
	EXPECT_EQ(rd(5), 0x61u) << "reading LSR clears the break";
	EXPECT_EQ(rd(2), 0x01u);
	EXPECT_EQ(rd(0), 0u);
	EXPECT_EQ(rd(5), 0x60u);
}

TEST_F(uart, no_break_in_loop_back_nor_after_a_reset)
{
	wr(4, 0x10);
	vcxl_uart_break(&device);
	EXPECT_EQ(rd(5), 0x60u);
	wr(4, 0);
	vcxl_uart_break(&device);
	vcxl_uart_reset(&device);
	EXPECT_EQ(rd(5), 0x60u);
}

TEST_F(uart, fifo_of_sixteen_keeps_the_oldest)
{
	wr(2, 0x01);
	for (unsigned i = 0; i < 16; i++)
		EXPECT_TRUE(vcxl_uart_receive(&device, static_cast<uint8_t>(i)));
	EXPECT_FALSE(vcxl_uart_receive(&device, 99));
	for (unsigned i = 0; i < 16; i++)
		EXPECT_EQ(rd(0), i);
}

TEST_F(uart, switching_the_fifo_on_or_off_empties_it)
{
	vcxl_uart_receive(&device, 'a');
	wr(2, 0x01);
	EXPECT_EQ(rd(5), 0x60u);
	vcxl_uart_receive(&device, 'a');
	wr(2, 0x03); // FIFO stays on, receiver reset
	EXPECT_EQ(rd(5), 0x60u);
}

TEST_F(uart, receive_interrupt_from_trigger_level_timeout_below)
{
	wr(2, 0x41); // trigger at 4
	wr(1, 0x01);
	vcxl_uart_receive(&device, 'a');
	EXPECT_TRUE(irq);
	EXPECT_EQ(rd(2), 0xccu);
	for (unsigned i = 0; i < 3; i++)
		vcxl_uart_receive(&device, 'b');
	EXPECT_EQ(rd(2), 0xc4u);
	EXPECT_EQ(rd(2), 0xc4u) << "not cleared by reading IIR";
	for (unsigned i = 0; i < 4; i++)
		rd(0);
	EXPECT_EQ(rd(2), 0xc1u);
	EXPECT_FALSE(irq);
	EXPECT_EQ(irq_changes, 2u);
}

TEST_F(uart, enabling_thre_interrupt_raises_it_and_reading_iir_clears_it)
{
	wr(1, 0x02);
	EXPECT_TRUE(irq);
	EXPECT_EQ(rd(2), 0x02u);
	EXPECT_FALSE(irq);
	EXPECT_EQ(rd(2), 0x01u);
	wr(0, 'x');
	EXPECT_TRUE(irq) << "the byte has left: empty again";
	rd(2);
	wr(1, 0x00);
	wr(1, 0x02);
	EXPECT_TRUE(irq) << "8250 drivers test for this";
}

TEST_F(uart, line_status_interrupt_has_highest_priority)
{
	wr(1, 0x07);
	vcxl_uart_receive(&device, 'a');
	vcxl_uart_receive(&device, 'b');
	EXPECT_EQ(rd(2), 0x06u);
	rd(5);
	EXPECT_EQ(rd(2), 0x04u);
	rd(0);
	EXPECT_EQ(rd(2), 0x02u);
	EXPECT_EQ(rd(2), 0x01u);
}

TEST_F(uart, divisor_latch_hides_data_and_interrupt_enable)
{
	wr(1, 0x05);
	wr(3, 0x83);
	wr(0, 0x34);
	wr(1, 0x12);
	EXPECT_EQ(rd(0), 0x34u);
	EXPECT_EQ(rd(1), 0x12u);
	wr(3, 0x03);
	EXPECT_EQ(rd(1), 0x05u);
	EXPECT_EQ(rd(3), 0x03u);
	EXPECT_EQ(sent, "");
}

TEST_F(uart, loopback_returns_bytes_and_modem_outputs)
{
	wr(4, 0x1a); // LOOP, OUT2, RTS
	EXPECT_EQ(rd(6) & 0xf0, 0x90u) << "OUT2 appears as DCD, RTS as CTS";
	wr(4, 0x15); // LOOP, OUT1, DTR
	EXPECT_EQ(rd(6) & 0xf0, 0x60u) << "OUT1 appears as RI, DTR as DSR";
	wr(0, 0x5a);
	EXPECT_EQ(sent, "");
	EXPECT_EQ(rd(0), 0x5au);
	EXPECT_FALSE(vcxl_uart_receive(&device, 'a')) << "input is disconnected";
	EXPECT_EQ(vcxl_uart_room(&device), 0u);
}

TEST_F(uart, modem_changes_set_delta_bits_until_read)
{
	wr(1, 0x08);
	wr(4, 0x14); // LOOP, OUT1: CTS, DSR, DCD fall, RI rises
	EXPECT_TRUE(irq);
	EXPECT_EQ(rd(2), 0x00u);
	EXPECT_EQ(rd(6), 0x4bu);
	EXPECT_FALSE(irq);
	EXPECT_EQ(rd(6), 0x40u);
	wr(4, 0x10);
	EXPECT_EQ(rd(6), 0x04u) << "trailing edge of RI";
}

TEST_F(uart, linux_identifies_a_16550a)
{
	wr(1, 0x00);
	EXPECT_EQ(rd(1) & 0x0f, 0x00u);
	wr(1, 0x0f);
	EXPECT_EQ(rd(1), 0x0fu);
	wr(1, 0x00);
	wr(3, 0xbf); // 16650 and later would show an EFR here
	wr(2, 0x00);
	wr(3, 0x00);
	wr(2, 0x01);
	EXPECT_EQ(rd(2) >> 6, 3u) << "16550A: both FIFO bits";
	wr(3, 0x80);
	EXPECT_NE(rd(2), 0u) << "not a 16650";
	wr(3, 0xbf);
	EXPECT_NE(rd(2), 0u) << "not a 16850";
	wr(3, 0x00);
	wr(2, 0x21); // 64-byte FIFO of a 16750
	EXPECT_EQ(rd(2) >> 5, 6u);
	wr(3, 0x80);
	wr(2, 0x21);
	EXPECT_EQ(rd(2) >> 5, 6u);
	wr(3, 0x00);
	wr(1, 0x40); // UUE of an XScale
	EXPECT_EQ(rd(1), 0x00u);
	wr(7, 0xa5);
	EXPECT_EQ(rd(7), 0xa5u);
}

TEST_F(uart, reset_lowers_the_interrupt_and_keeps_the_scratch_register)
{
	wr(7, 0x77);
	wr(1, 0x02);
	vcxl_uart_receive(&device, 'a');
	vcxl_uart_reset(&device);
	EXPECT_FALSE(irq);
	EXPECT_EQ(rd(5), 0x60u);
	EXPECT_EQ(rd(7), 0x77u);
}

TEST_F(uart, eight_registers_of_a_byte)
{
	uint64_t value = 0;

	wr(7, 0x5a);
	EXPECT_TRUE(vcxl_uart_ops.read(&device, 7, 4, &value));
	EXPECT_EQ(value, 0x5au) << "a word access reaches one register";
	EXPECT_FALSE(vcxl_uart_ops.read(&device, 8, 1, &value));
	EXPECT_FALSE(vcxl_uart_ops.write(&device, 8, 1, 0));
	EXPECT_FALSE(vcxl_uart_ops.read(&device, 0, 8, &value));
	EXPECT_FALSE(vcxl_uart_ops.write(&device, 0, 8, 0));
}

} // namespace
