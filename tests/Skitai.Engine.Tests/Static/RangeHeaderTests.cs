using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

public sealed class RangeHeaderTests
{
    [Theory]
    [InlineData("bytes=0-0", "0-0")]
    [InlineData("bytes=0-499", "0-499")]
    [InlineData("bytes=500-", "500-999")]
    [InlineData("bytes=-1", "999-999")]
    [InlineData("bytes=-5000", "0-999")]
    [InlineData("bytes=900-2000", "900-999")]
    [InlineData("BYTES=1-2", "1-2")]
    [InlineData(" bytes=1-2 , 10-11", "1-2 10-11")]
    [InlineData("bytes=10-11,1-2", "10-11 1-2")]
    [InlineData("bytes=1-2,,4-5", "1-2 4-5")]
    [InlineData("bytes=0-99999999999999999999999999", "0-999")]
    [InlineData("bytes=1-2,5000-", "1-2")]
    public void Ranges_are_cut_to_the_size(string header, string expected) => Assert.Equal(expected, Show(header, 1000));

    [Theory]
    [InlineData("bytes=0-10,5-20", "0-20")]
    [InlineData("bytes=5-20,0-10,500-", "0-20 500-999")]
    [InlineData("bytes=0-9,10-19", "0-19")]
    [InlineData("bytes=0-,0-,0-,0-,0-", "0-999")]
    [InlineData("bytes=0-1,-1000,7-8", "0-999")]
    public void Overlapping_and_touching_ranges_become_one(string header, string expected) => Assert.Equal(expected, Show(header, 1000));

    [Theory]
    [InlineData("bytes=1000-")]
    [InlineData("bytes=5000-6000")]
    [InlineData("bytes=-0")]
    [InlineData("bytes=99999999999999999999-")]
    public void Ranges_beyond_the_end_cannot_be_satisfied(string header) => Assert.Equal("", Show(header, 1000));

    [Theory]
    [InlineData("")]
    [InlineData("bytes")]
    [InlineData("bytes=")]
    [InlineData("bytes=,")]
    [InlineData("bytes=-")]
    [InlineData("bytes=a-b")]
    [InlineData("bytes=5-1")]
    [InlineData("bytes=1")]
    [InlineData("bytes=1-2-3")]
    [InlineData("bytes=+1-2")]
    [InlineData("bytes=1 - 2")]
    [InlineData("bytes=0-1,x")]
    [InlineData("lines=0-1")]
    [InlineData("bytes =0-1")]
    public void What_is_no_range_is_ignored(string header) => Assert.Null(RangeHeader.Parse(header, 1000));

    [Fact]
    public void More_parts_than_anybody_needs_are_ignored()
    {
        var most = "bytes=" + string.Join(',', Enumerable.Range(0, RangeHeader.MostParts).Select(i => $"{i * 3}-{i * 3}"));
        Assert.Equal(RangeHeader.MostParts, RangeHeader.Parse(most, 1000)!.Count);
        Assert.Null(RangeHeader.Parse(most + ",900-900", 1000));
    }

    [Fact]
    public void An_empty_file_has_no_ranges() => Assert.Null(RangeHeader.Parse("bytes=0-10", 0));

    private static string? Show(string header, long size) =>
        RangeHeader.Parse(header, size) is { } parts ? string.Join(' ', parts.Select(part => $"{part.First}-{part.Last}")) : null;
}
