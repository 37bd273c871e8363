using System.Text;
using Skitai.Engine.Proxy.Upstream;
using Skitai.Engine.Proxy.Upstream.Http1;

namespace Skitai.Engine.Tests.Proxy.Upstream.Http1;

/// <summary>The parsers alone, with input cut anywhere.</summary>
public sealed class ParserTests
{
    [Theory]
    [InlineData("HTTP/1.1 200 OK\r\nServer: x\r\nContent-Length: 5\r\nConnection: close\r\n\r\n", 5, false)]
    [InlineData("HTTP/1.1 404 Nothing\nTransfer-Encoding: chunked\nX: \n\n", -1, true)]
    [InlineData("HTTP/1.0 500 Internal Server Error\r\nConnection: keep-alive\r\nKeep-Alive: timeout=7\r\n\r\n", -1, true)]
    public void A_header_section_may_be_cut_at_every_two_places(string text, long length, bool keeps)
    {
        var bytes = Encoding.Latin1.GetBytes(text);
        var whole = Read(bytes, bytes.Length, bytes.Length);
        Assert.Contains($"length {length} keeps {keeps}", whole, StringComparison.Ordinal);
        for (var first = 0; first < bytes.Length; first++)
        {
            for (var second = first; second < bytes.Length; second++)
            {
                Assert.Equal(whole, Read(bytes, first, second));
            }
        }

        static string Read(byte[] bytes, int first, int second)
        {
            var head = new AnswerHead();
            head.Begin();
            var start = 0;
            foreach (var end in new[] { first, second, bytes.Length })
            {
                var isComplete = head.Parse(bytes.AsSpan(start, end - start), out var consumed);
                start += consumed;
                Assert.Equal(isComplete, start == bytes.Length);
                if (isComplete)
                {
                    break;
                }
            }

            var fields = string.Join('|', head.Headers.Lines.ToArray().Select(line => $"{line.Name}={line.Value}"));
            return $"{head.Status} {head.Reason} {fields} length {head.ContentLength} keeps {head.KeepsConnection} {head.IsChunked} {head.KeepAliveSeconds}";
        }
    }

    [Fact]
    public void What_is_chunked_comes_out_the_same_however_it_is_cut()
    {
        var random = new Random(20261123);
        for (var round = 0; round < 2000; round++)
        {
            var data = new byte[random.Next(0, 300)];
            random.NextBytes(data);
            var coded = Encode(data, random);
            var (decoded, rest) = Decode(coded, random);
            Assert.Equal(data, decoded);
            Assert.Equal("\r\n"u8, rest);
        }
    }

    [Fact]
    public void Chunks_with_one_byte_changed_never_give_more_than_was_sent_and_never_hang()
    {
        var random = new Random(7);
        for (var round = 0; round < 5000; round++)
        {
            var coded = Encode(new byte[random.Next(1, 60)], random);
            coded[random.Next(coded.Length)] = (byte)random.Next(256);
            try
            {
                var (decoded, _) = Decode(coded, random);
                Assert.True(decoded.Length < coded.Length);
            }
            catch (MemberException fault)
            {
                Assert.Equal(MemberFault.BadAnswer, fault.Fault);
            }
        }
    }

    [Fact]
    public void Noise_is_never_taken_for_an_answer_and_never_throws_anything_else()
    {
        var random = new Random(42);
        const string Alphabet = "HTP/1.02 OK\r\n:;Content-Lghrsfu\t\0é";
        for (var round = 0; round < 20000; round++)
        {
            var noise = new byte[random.Next(1, 80)];
            for (var at = 0; at < noise.Length; at++)
            {
                noise[at] = (byte)Alphabet[random.Next(Alphabet.Length)];
            }

            var head = new AnswerHead();
            head.Begin();
            try
            {
                "HTTP/1.1 200 OK\r\n"u8.CopyTo(noise.Length > 17 && round % 2 == 0 ? noise : new byte[17]);
                head.Parse(noise, out var consumed);
                Assert.InRange(consumed, 0, noise.Length);
                foreach (var line in head.Headers.Lines)
                {
                    Assert.DoesNotContain(line.Name + line.Value, character => character is '\r' or '\n' or '\0');
                }
            }
            catch (MemberException fault)
            {
                Assert.Equal(MemberFault.BadAnswer, fault.Fault);
            }
        }
    }

    private static byte[] Encode(byte[] data, Random random)
    {
        var coded = new List<byte>();
        for (var at = 0; at < data.Length;)
        {
            var size = random.Next(1, Math.Min(data.Length - at, 40) + 1);
            coded.AddRange(Encoding.ASCII.GetBytes($"{new string('0', random.Next(3))}{size.ToString(random.Next(2) == 0 ? "x" : "X")}{(random.Next(4) == 0 ? ";ext=\"1\"" : "")}\r\n"));
            coded.AddRange(data.AsSpan(at, size));
            coded.AddRange("\r\n"u8);
            at += size;
        }

        coded.AddRange("0\r\n\r\n"u8);
        return [.. coded];
    }

    private static (byte[] Data, byte[] Left) Decode(byte[] coded, Random random)
    {
        var decoder = default(ChunkDecoder);
        var data = new List<byte>();
        var at = 0;
        while (at < coded.Length && !decoder.AtTrailers)
        {
            var piece = coded.AsSpan(at, Math.Min(random.Next(1, 30), coded.Length - at)).ToArray();
            decoder.Decode(piece, out var consumed, out var from, out var count);
            data.AddRange(piece.AsSpan(from, count));
            Assert.True(consumed == piece.Length || decoder.AtTrailers);
            at += consumed;
        }

        return ([.. data], coded[at..]);
    }
}
