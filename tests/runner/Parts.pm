# SPDX-License-Identifier: GPL-2.0
package Parts;
# The TAP of several tests that tests/guest/each has run one after another, as that of one
# test. What has no line of its own says nothing of parts and stays as it is.
use strict;
use warnings;

sub new {
	return bless { before => 0 }, shift;
}

# line(LINE): the lines that take its place.
sub line {
	my ($self, $line) = @_;
	if ($line =~ /^# each: (.*)/) {
		my @end = $self->end_part;
		@$self{qw(name ran plan)} = ($1, 0, undef);
		return @end, $line;
	}
	return $line unless defined $self->{name};
	if ($line =~ /^1\.\.(\d+)\s*(#.*)?$/) {
		$self->{plan} = $1;
		return if $1;
		$self->{plan} = 1;
		return $self->result('ok', " - $self->{name} $2");
	}
	return $self->result($1, $2) if $line =~ /^((?:not )?ok)\b(?:\s+\d+)?(.*)/;
	return $line;
}

sub result {
	my ($self, $ok, $rest) = @_;
	return "$ok " . ($self->{before} + ++$self->{ran}) . $rest;
}

sub end_part {
	my ($self) = @_;
	return unless defined $self->{name};
	my $planned = $self->{plan} // 'no number of';
	my @bad = $planned eq $self->{ran} ? () :
		$self->result('not ok', " - $self->{name}: $self->{ran} lines, $planned planned");
	$self->{before} += $self->{ran};
	$self->{name} = undef;
	return @bad;
}

# What is to follow the last line.
sub end {
	my ($self) = @_;
	my @end = $self->end_part;
	return $self->{before} ? (@end, "1..$self->{before}") : @end;
}

1;
