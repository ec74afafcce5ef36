// SPDX-License-Identifier: Apache-2.0
//
// The naive oracle of interleaving: host addresses are a deck of cards, dealt one by one. Dealers
// know no encoding, no modulo, no shift and no header of the project. A dealer gives `pace` bytes
// of the deck to one hand and moves on to the next; a hand is another dealer or a player, who
// stacks the cards he gets. Dealing begins at address 0 with the first hand.
#ifndef VCXL_TESTS_ORACLE_H
#define VCXL_TESTS_ORACLE_H

#include <cstddef>
#include <cstdint>
#include <vector>

namespace oracle
{

struct hand {
	bool is_player;
	std::size_t index; // of the player or of the dealer
};

struct dealer {
	std::uint64_t pace;
	std::vector<hand> hands;
};

struct answer {
	std::size_t player;
	std::uint64_t place; // bytes below this one in the stack of the player
};

class table
{
public:
	// dealers[0] deals first; `card` is the smallest pace; the cards below `base` are dealt to
	// nobody: nobody stacks them, but all hands move on.
	table(std::vector<dealer> dealers, std::size_t players, std::uint64_t card,
	      std::uint64_t base)
	    : dealers_(std::move(dealers)), card_(card), top_(base), stacks_(players, 0)
	{
		for (const dealer &d : dealers_)
			clock_of_.push_back(find_clock(d.pace, d.hands.size()));
		skip_to(base);
	}

	// Deals until the card that holds the address is on the table. Addresses must not decrease.
	answer where(std::uint64_t address)
	{
		while (address - top_ >= card_)
			deal();
		const std::size_t player = next_player();
		return { player, stacks_[player] + (address - top_) };
	}

private:
	// Dealers of one pace and as many hands move in step: they share a clock.
	struct clock {
		std::uint64_t pace;
		std::size_t hands;
		std::uint64_t elapsed = 0;
		std::size_t hand = 0;

		void tick(std::uint64_t bytes)
		{
			elapsed += bytes;
			if (elapsed < pace)
				return;
			elapsed = 0;
			if (++hand == hands)
				hand = 0;
		}
	};

	std::size_t find_clock(std::uint64_t pace, std::size_t hands)
	{
		for (std::size_t i = 0; i < clocks_.size(); i++)
			if (clocks_[i].pace == pace && clocks_[i].hands == hands)
				return i;
		clocks_.push_back({ pace, hands });
		return clocks_.size() - 1;
	}

	// Bases are whole chapters of 256 MiB: one is dealt to see how far the hand moves, the
	// others move it as far.
	void skip_to(std::uint64_t base)
	{
		const std::uint64_t chapter = 0x10000000;

		for (clock &c : clocks_) {
			clock once = c;
			for (std::uint64_t b = 0; b < chapter; b += c.pace)
				once.tick(c.pace);
			for (std::uint64_t b = 0; b < base; b += chapter) {
				c.hand += once.hand;
				if (c.hand >= c.hands)
					c.hand -= c.hands;
			}
		}
	}

	std::size_t next_player() const
	{
		std::size_t d = 0;
		for (;;) {
			const hand &h = dealers_[d].hands[clocks_[clock_of_[d]].hand];
			if (h.is_player)
				return h.index;
			d = h.index;
		}
	}

	void deal()
	{
		stacks_[next_player()] += card_;
		top_ += card_;
		for (clock &c : clocks_)
			c.tick(card_);
	}

	std::vector<dealer> dealers_;
	std::vector<std::size_t> clock_of_;
	std::vector<clock> clocks_;
	std::uint64_t card_, top_;
	std::vector<std::uint64_t> stacks_;
};

// The address of the host for one of the decoders below a window, and the other way round. CXL
// r3.1 9.18.1.4, bit by bit: of the bits that a map names, the lowest says whether they are odd.
inline std::uint64_t exchanged(const std::vector<std::uint64_t> &maps, std::uint64_t address)
{
	for (const std::uint64_t map : maps) {
		unsigned lowest = 64, ones = 0;

		for (unsigned bit = 64; bit-- > 0;)
			if (map >> bit & 1) {
				lowest = bit;
				ones += static_cast<unsigned>(address >> bit & 1);
			}
		address &= ~(std::uint64_t{ 1 } << lowest);
		address |= std::uint64_t{ ones % 2 } << lowest;
	}
	return address;
}

} // namespace oracle

#endif
