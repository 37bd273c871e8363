using Skitai.Engine.Static;

namespace Skitai.Engine.Tests.Static;

public sealed class AcceptEncodingTests
{
    [Theory]
    [InlineData("", ContentCoding.Identity)]
    [InlineData("br", ContentCoding.Brotli)]
    [InlineData("gzip", ContentCoding.Gzip)]
    [InlineData("X-GZip", ContentCoding.Gzip)]
    [InlineData("gzip, deflate, br, zstd", ContentCoding.Brotli)]
    [InlineData("gzip;q=1.0, br;q=0.9", ContentCoding.Gzip)]
    [InlineData("br;q=0, gzip", ContentCoding.Gzip)]
    [InlineData("br;q=0.000, gzip;q=0.001", ContentCoding.Gzip)]
    [InlineData("*", ContentCoding.Brotli)]
    [InlineData("*;q=0", ContentCoding.Identity)]
    [InlineData("br;q=0, *", ContentCoding.Gzip)]
    [InlineData("identity, gzip;q=0.5", ContentCoding.Identity)]
    [InlineData("identity;q=0.1, gzip ; q=0.5", ContentCoding.Gzip)]
    [InlineData("identity;q=0", ContentCoding.Identity)]
    [InlineData("gzip;q=abc", ContentCoding.Identity)]
    [InlineData("gzip;q=2", ContentCoding.Identity)]
    [InlineData("compress, zstd", ContentCoding.Identity)]
    [InlineData(",;,;;q=,", ContentCoding.Identity)]
    internal void The_coding_that_the_client_likes_best_is_chosen(string header, ContentCoding expected) =>
        Assert.Equal(expected, AcceptEncoding.Choose(header, brotli: true, gzip: true));

    [Theory]
    [InlineData("br, gzip;q=0.1", false, true, ContentCoding.Gzip)]
    [InlineData("br, gzip", true, false, ContentCoding.Brotli)]
    [InlineData("gzip", true, false, ContentCoding.Identity)]
    internal void Only_what_is_there_is_chosen(string header, bool brotli, bool gzip, ContentCoding expected) =>
        Assert.Equal(expected, AcceptEncoding.Choose(header, brotli, gzip));
}
