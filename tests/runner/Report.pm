# SPDX-License-Identifier: GPL-2.0
package Report;
# What is said at the end: which tests were slow, what was not tested and why, the counts.
use strict;
use warnings;

# new(\@replaced): of a run; replaced is what Prepare::prepare has returned.
sub new {
	my ($class, $replaced) = @_;
	my $self = bless { passed => 0, failed => 0, skipped => 0, skips => {}, reasons => [] }, $class;
	$self->skipped($_->[1], $_->[0]) for @$replaced;
	return $self;
}

# skipped(REASON, NAME): one more line of test NAME.
sub skipped {
	my ($self, $reason, $name) = @_;
	$reason = 'no reason is given' unless length($reason // '');
	push @{$self->{reasons}}, $reason unless $self->{skips}{$reason};
	my $of = $self->{skips}{$reason} //= { names => [], lines => {} };
	push @{$of->{names}}, $name unless $of->{lines}{$name}++;
	$self->{skipped}++;
}

# add(NAME, PARSER): counts a test that has ended.
sub add {
	my ($self, $name, $parser) = @_;
	$self->skipped($parser->skip_all, $name) if $parser->skip_all;
	$self->{passed} += $parser->passed - $parser->skipped;
	$self->{failed} += $parser->failed;
	# One that dies, or that runs fewer tests than it said, has failed even if each line
	# that it did print is "ok".
	$self->{failed}++ if !$parser->failed && ($parser->exit || $parser->wait || $parser->parse_errors);
}

# show(\%seconds, STRICT): returns whether all is well.
sub show {
	my ($self, $seconds, $strict) = @_;
	my @slow = sort { $seconds->{$b} <=> $seconds->{$a} || $a cmp $b } keys %$seconds;
	splice @slow, 10 if @slow > 10;
	print "\nSlowest:\n" if @slow;
	printf "%9.1f s  %s\n", $seconds->{$_}, $_ for @slow;

	my $failed = $self->{failed};
	my $skipped = $self->{skipped};
	if ($skipped) {
		print "\nNot tested", $strict ? ', which is a failure because of --strict' : '', ":\n";
		print "    $_: ", join(', ', $self->names_of($_)), "\n" for @{$self->{reasons}};
		($failed, $skipped) = ($failed + $skipped, 0) if $strict;
	}
	print "\n$self->{passed} passed, $failed failed, $skipped skipped\n";
	return !$failed;
}

# The tests that gave a reason, and how many of their lines if it is more than one.
sub names_of {
	my ($self, $reason) = @_;
	my $of = $self->{skips}{$reason};
	return map { $of->{lines}{$_} > 1 ? "$_ ($of->{lines}{$_} times)" : $_ } @{$of->{names}};
}

1;
