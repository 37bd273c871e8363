using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Hostile;

public sealed class LogLineTests(HostileSite site) : IClassFixture<HostileSite>
{
    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Fact]
    public async Task Whatever_was_sent_it_is_one_line_of_eighteen_fields_and_no_answer_shows_the_inside()
    {
        string[] nonsense =
        [
            "\x16\x03\x01\x02\0\x01\0\x01\xfc\x03\x03",
            "GET / HTTP/1.1\r\nHost: a\r\nUser-Agent: a \"b\" \\ c\xe9\td\r\n\r\n",
            "GET /\xff\xfe HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /" + new string('x', 100_000) + " HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\nX: " + new string('x', 1_000_000) + "\r\n\r\n",
            "GET / HTTP/1.1\r\nHost: a\r\n" + string.Concat(Enumerable.Range(0, 10_000).Select(number => $"X{number}: y\r\n")) + "\r\n",
            "GET / HTTP/9.9\r\nHost: a\r\n\r\n",
            "a b c d e\r\n\r\n",
            "GET /a b HTTP/1.1\r\nHost: a\r\n\r\n",
            "GET /nothing HTTP/1.1\r\nHost: \"a b\"\r\n\r\n",
            "GET /app/raise HTTP/1.1\r\nHost: a\r\nX-Gtxn-Id: a b\"c\r\nX-Ltxn-Id: 99999999999\r\n\r\n",
            "GET\r\n\r\n",
            "GET * HTTP/1.1\r\nHost: a\r\n\r\n",
            "\0\0\0\0\r\n\r\n",
        ];
        var before = site.Descriptors;
        foreach (var request in nonsense)
        {
            using var client = await site.ConnectAsync();
            var sending = client.TrySendAsync(request);
            client.EndSending();
            var answer = await client.ReadUntilCutAsync();
            await sending;
            Assert.Matches("^(|HTTP/1.1 [45]\\d\\d )", answer);
            Assert.DoesNotContain("secret", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Traceback", answer, StringComparison.Ordinal);
            Assert.DoesNotContain("Exception", answer, StringComparison.Ordinal);
        }

        Assert.Equal("GET /end 0", await site.GetAsync("app/end"));
        await TestDaemon.WaitAsync("the last request was logged", () => File.Exists(site.RequestLog) && File.ReadAllText(site.RequestLog).Contains("/app/end", StringComparison.Ordinal));
        var lines = await File.ReadAllLinesAsync(site.RequestLog, Cancellation);
        Assert.InRange(lines.Length, nonsense.Length, nonsense.Length + 5);
        foreach (var line in lines)
        {
            // The agent, between quotes, may have spaces in it.
            var parts = line.Split(" \"");
            Assert.Equal(2, parts.Length);
            Assert.Equal(14, parts[0].Split(' ').Length);
            Assert.Matches("\" \\d+ms \\d+ms -$", line);
            Assert.DoesNotContain(line, letter => letter is < ' ' or > '~');
        }

        await site.AssertUnharmedAsync(before);
    }
}
