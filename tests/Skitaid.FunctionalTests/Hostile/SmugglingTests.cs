namespace Skitaid.FunctionalTests.Hostile;

/// <summary>
/// Requests on which two parsers may disagree where they end. Each is followed by <c>GET /app/hidden</c> inside what one
/// reading takes for its body: that must never be answered.
/// </summary>
public sealed class SmugglingTests(HostileSite site) : IClassFixture<HostileSite>
{
    private const string Hidden = "GET /app/hidden HTTP/1.1\r\nHost: a\r\n\r\n";
    private const string Start = "POST /app/first HTTP/1.1\r\nHost: a\r\n";
    private const string Chunked = Start + "Transfer-Encoding: chunked\r\n\r\n";

    public static TheoryData<string> Ambiguous =>
    [
        // two lengths
        Start + "Content-Length: 5\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "Transfer-Encoding: chunked\r\nContent-Length: 200\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "Content-Length: 0\r\nContent-Length: 37\r\n\r\n" + Hidden,
        Start + "Content-Length: 0, 36\r\n\r\n" + Hidden,
        Start + "Content-Length: 0x0\r\n\r\n" + Hidden,
        Start + "Content-Length: +0\r\n\r\n" + Hidden,
        Start + "Content-Length: -0\r\n\r\n" + Hidden,
        Start + "Content-Length: 0\0\r\n\r\n" + Hidden,
        Start + "Content-Length: 0_0\r\n\r\n" + Hidden,
        Start + "Content-Length: 0;\r\n\r\n" + Hidden,
        Start + "Content-Length:\r\n\r\n" + Hidden,
        Start + "Content-Length: 0\v\r\n\r\n" + Hidden,
        Start + "Content-Length : 0\r\n\r\n" + Hidden,
        Start + "Content-Length: 99999999999999999999\r\n\r\n" + Hidden,
        Start + "Content-Length: -1\r\n\r\n" + Hidden,
        // codings
        Start + "Transfer-Encoding: chunked\r\nTransfer-Encoding: identity\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "Transfer-Encoding: identity, chunked\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "Transfer-Encoding: xchunked\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "Transfer-Encoding: \vchunked\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "Transfer-Encoding : chunked\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "Transfer-Encoding: \"chunked\"\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "X: y\r\n Transfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "X: y\rTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Hidden,
        Start + "X: y\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Hidden,
        "POST /app/first HTTP/1.0\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n" + Hidden,
        // chunks
        Chunked + "0x0\r\n\r\n" + Hidden,
        Chunked + "+0\r\n\r\n" + Hidden,
        Chunked + "-0\r\n\r\n" + Hidden,
        Chunked + "0_0\r\n\r\n" + Hidden,
        Chunked + " 0\r\n\r\n" + Hidden,
        Chunked + "\r\n0\r\n\r\n" + Hidden,
        Chunked + "g\r\n\r\n" + Hidden,
        Chunked + "100000000\r\nabc\r\n0\r\n\r\n" + Hidden,
        Chunked + "7fffffffffffffff0\r\nabc\r\n0\r\n\r\n" + Hidden,
        Chunked + "3\nabc\n0\n\n" + Hidden,
        Chunked + "3\r\nabcd\r\n0\r\n\r\n" + Hidden,
        Chunked + "3;a\nb\r\nabc\r\n0\r\n\r\n" + Hidden,
        Chunked + "3;" + new string('e', 2_000_000) + "\r\nabc\r\n0\r\n\r\n" + Hidden,
        Chunked + "0\r\n" + string.Concat(Enumerable.Range(0, 10_000).Select(number => $"T{number}: x\r\n")) + "\r\n" + Hidden,
        // heads
        "GET /app/first\r\n\r\n" + Hidden,
        "GET /app/first HTTP/1.1\nHost: a\n\n" + Hidden,
        "GET /app/first HTTP/1.1\r\nHost: a\r\nHost: b\r\n\r\n" + Hidden,
        "GET /app/first HTTP/1.1\r\nHost: a\r\nX\0: y\r\n\r\n" + Hidden,
        "GET  /app/first HTTP/1.1\r\nHost: a\r\n\r\n" + Hidden,
        "GET /app/first HTTP/1.1 \r\nHost: a\r\n\r\n" + Hidden,
        "GET /app/first\tHTTP/1.1\r\nHost: a\r\n\r\n" + Hidden,
        "GET http:///app/first HTTP/1.1\r\nHost: a\r\n\r\n" + Hidden,
        "GET http://u@a/app/first HTTP/1.1\r\nHost: a\r\n\r\n" + Hidden,
    ];

    [Theory]
    [MemberData(nameof(Ambiguous), DisableDiscoveryEnumeration = true)]
    public async Task A_request_that_can_be_read_in_two_ways_is_refused_and_ends_its_connection(string request)
    {
        using var client = await site.ConnectAsync();
        var sending = client.TrySendAsync(request);
        var answers = await client.ReadUntilCutAsync();
        await sending;
        Assert.True(CountAnswers(answers) <= 1, answers);
        Assert.Matches("^(|HTTP/1.1 (400|405|408|413|431|505) )", answers);
        Assert.DoesNotContain("hidden", answers, StringComparison.Ordinal);
        Assert.DoesNotContain("   at ", answers, StringComparison.Ordinal);
        Assert.Equal("GET /next 0", await site.GetAsync("app/next"));
    }

    [Theory]
    [InlineData("\r\n\r\nGET /app/one HTTP/1.1\r\nHost: a\r\n\r\n", "GET /one 0")]
    [InlineData("get /app/one HTTP/1.1\r\nHost: a\r\n\r\n", "get /one 0")]
    [InlineData("GET http://b/app/one HTTP/1.1\r\nHost: a\r\n\r\n", "GET /one 0")]
    [InlineData("GET /app/one HTTP/1.1\r\nHost: a\r\nContent-Length: 3\r\n\r\nabc", "GET /one 3")]
    [InlineData("POST /app/one HTTP/1.1\r\nHost: a\r\nTransfer-Encoding: chunked\r\n\r\n003;x=\"y\"\r\nabc\r\n0\r\nContent-Length: 9\r\n\r\n", "POST /one 3")]
    [InlineData("POST /files/index.html HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\nGET /app/hidden HTTP/1.1\r\nHost: a\r\n\r\n", "405")]
    [InlineData("GET /files/index.html HTTP/1.1\r\nHost: a\r\nContent-Length: 37\r\n\r\nGET /app/hidden HTTP/1.1\r\nHost: a\r\n\r\n", "hello")]
    public async Task An_odd_but_clear_request_has_one_answer_and_the_next_one_has_its_own(string request, string expected)
    {
        using var client = await site.ConnectAsync();
        await client.TrySendAsync(request + "GET /app/two HTTP/1.1\r\nHost: a\r\nConnection: close\r\n\r\n");
        var answers = await client.ReadUntilCutAsync();
        Assert.Equal(2, CountAnswers(answers));
        Assert.Contains(expected, answers, StringComparison.Ordinal);
        Assert.EndsWith("GET /two 0", answers, StringComparison.Ordinal);
        Assert.DoesNotContain("hidden", answers, StringComparison.Ordinal);
    }

    private static int CountAnswers(string text) => text.Split("HTTP/1.1 ").Length - 1;
}
