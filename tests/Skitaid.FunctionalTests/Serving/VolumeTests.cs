using System.Globalization;
using System.Security.Cryptography;
using Skitaid.FunctionalTests.Harness;

namespace Skitaid.FunctionalTests.Serving;

/// <summary>Bodies far larger than the memory that any process may use, to and from readers that let one wait.</summary>
public sealed class VolumeTests
{
    private const int MostMemory = 200 << 20;

    /// <summary>Bytes; SKITAID_TEST_VOLUME says another number.</summary>
    private static readonly long s_volume =
        long.TryParse(Environment.GetEnvironmentVariable("SKITAID_TEST_VOLUME"), CultureInfo.InvariantCulture, out var said) ? said : 256L << 20;

    private static readonly byte[] s_block = [.. Enumerable.Range(0, 65536).Select(i => (byte)i)];

    private static CancellationToken Cancellation => TestContext.Current.CancellationToken;

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_sent_to_an_app_that_does_not_read_yet_waits_with_its_sender(bool chunked) => await AssertUploadAsync(chunked, "no");

    [Theory]
    [InlineData(false)]
    [InlineData(true)]
    public async Task A_body_waits_in_a_file_until_it_is_whole(bool chunked) => await AssertUploadAsync(chunked, "yes");

    [Theory]
    [InlineData("/down")]
    [InlineData("/file")]
    [InlineData("/static/big")]
    public async Task An_answer_to_a_reader_who_lets_it_wait_is_whole_and_held_by_nobody(string path)
    {
        await using var daemon = new TestDaemon();
        var big = Path.Combine(daemon.WebPath, "big");
        if (path != "/down")
        {
            await using var file = File.Create(big);
            for (var written = 0L; written < s_volume; written += s_block.Length)
            {
                await file.WriteAsync(s_block, Cancellation);
            }
        }

        var port = await daemon.ServeAsync(
            $"/ = {daemon.AddApp("volume")}:app\n/static = {daemon.WebPath}", more: $"[environment]\nBIG_FILE = {big}\n[tunefactors]\nresponse_timeout = 60");
        using var answer = await daemon.Client.GetAsync(TestApps.Url(port, $"{path}?{s_volume}"), HttpCompletionOption.ResponseHeadersRead, Cancellation);
        await using var stream = await answer.Content.ReadAsStreamAsync(Cancellation);
        var block = new byte[s_block.Length];
        for (var read = 0L; read < s_volume; read += block.Length)
        {
            // Slow at first: another whole answer comes and goes in between.
            if (read < 10 * block.Length && path == "/down")
            {
                Assert.Equal(block.Length, (await daemon.Client.GetByteArrayAsync(TestApps.Url(port, $"/down?{block.Length}"), Cancellation)).Length);
            }

            await stream.ReadExactlyAsync(block, Cancellation).AsTask().WaitAsync(TestDaemon.Deadline, Cancellation);
            Assert.True(block.AsSpan().SequenceEqual(s_block), $"wrong bytes after {read}");
        }

        Assert.Equal(0, await stream.ReadAsync(block, Cancellation));
        AssertModest(daemon);
    }

    private static async Task AssertUploadAsync(bool chunked, string buffered)
    {
        await using var daemon = new TestDaemon();
        var gate = Path.Combine(daemon.Root, "gate");
        Assert.Equal(0, (await ClientProgram.RunAsync("mkfifo", gate)).ExitCode);
        var port = await daemon.ServeAsync(
            $"/ = {daemon.AddApp("volume")}:app", more: $"[environment]\nGATE = {gate}\n[tunefactors]\nmax_body_size = 2G\nresponse_timeout = 60\nbuffer_uploads = {buffered}");
        using var content = new Blocks(s_volume, chunked);
        using var request = new HttpRequestMessage(HttpMethod.Post, TestApps.Url(port, "/up")) { Content = content };
        request.Headers.TransferEncodingChunked = chunked;

        var sending = daemon.Client.SendAsync(request, Cancellation);
        await content.Begun.Task.WaitAsync(TestDaemon.Deadline, Cancellation);
        await File.WriteAllTextAsync(gate, "go\n", Cancellation);
        using var answer = await sending;

        using var digest = IncrementalHash.CreateHash(HashAlgorithmName.SHA256);
        for (var sent = 0L; sent < s_volume; sent += s_block.Length)
        {
            digest.AppendData(s_block);
        }

        Assert.Equal($"{s_volume} {Convert.ToHexStringLower(digest.GetHashAndReset())}", await answer.Content.ReadAsStringAsync(Cancellation));
        AssertModest(daemon);
    }

    /// <summary>No process of the daemon had more in memory at any time.</summary>
    private static void AssertModest(TestDaemon daemon)
    {
        foreach (var pid in daemon.Processes())
        {
            var peak = File.ReadLines($"/proc/{pid}/status").First(line => line.StartsWith("VmHWM:", StringComparison.Ordinal));
            var name = File.ReadAllText($"/proc/{pid}/cmdline").Replace('\0', ' ');
            TestContext.Current.TestOutputHelper?.WriteLine($"{peak} {name}");
            Assert.True(long.Parse(peak.Split(' ', StringSplitOptions.RemoveEmptyEntries)[1], CultureInfo.InvariantCulture) * 1024 < MostMemory, $"{peak} {name}");
        }
    }

    private sealed class Blocks(long total, bool chunked) : HttpContent
    {
        public TaskCompletionSource Begun { get; } = new(TaskCreationOptions.RunContinuationsAsynchronously);

        protected override async Task SerializeToStreamAsync(Stream stream, System.Net.TransportContext? context)
        {
            for (var sent = 0L; sent < total; sent += s_block.Length)
            {
                await stream.WriteAsync(s_block);
                Begun.TrySetResult();
            }
        }

        protected override bool TryComputeLength(out long length)
        {
            length = total;
            return !chunked;
        }
    }
}
