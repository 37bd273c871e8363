using Skitai.Engine.Proxy.Forwarding;

namespace Skitai.Engine.Tests.Proxy.Forwarding;

public sealed class WebSocketFramesTests
{
    private static byte[] Frame(int opcode, int length, bool masked)
    {
        var bytes = new List<byte> { (byte)(0x80 | opcode) };
        var mask = masked ? 0x80 : 0;
        if (length < 126)
        {
            bytes.Add((byte)(mask | length));
        }
        else if (length <= ushort.MaxValue)
        {
            bytes.AddRange([(byte)(mask | 126), (byte)(length >> 8), (byte)length]);
        }
        else
        {
            bytes.AddRange([(byte)(mask | 127), 0, 0, 0, 0, (byte)(length >> 24), (byte)(length >> 16), (byte)(length >> 8), (byte)length]);
        }

        bytes.AddRange(new byte[(masked ? 4 : 0) + length]);
        return [.. bytes];
    }

    [Fact]
    public void The_end_of_each_frame_is_found_however_the_bytes_come()
    {
        var random = new Random(3);
        for (var round = 0; round < 300; round++)
        {
            var frames = Enumerable.Range(0, random.Next(1, 8))
                .Select(_ => Frame(random.Next(3), random.Next(4) switch { 0 => 0, 1 => random.Next(126), 2 => random.Next(126, 1000), _ => random.Next(65530, 70000) }, random.Next(2) == 0))
                .ToArray();
            byte[] all = [.. frames.SelectMany(frame => frame)];
            var ends = frames.Select((_, index) => frames.Take(index + 1).Sum(frame => frame.Length)).ToList();
            var tracker = new WebSocketFrames();
            var found = new List<int>();
            for (var at = 0; at < all.Length;)
            {
                var piece = all.AsSpan(at, Math.Min(all.Length - at, random.Next(1, 3000)));
                at += tracker.Take(piece, stops: true);
                if (tracker.IsBetweenFrames)
                {
                    found.Add(at);
                }
            }

            Assert.Equal(ends, found);
            Assert.False(tracker.HasClosed);

            var other = new WebSocketFrames();
            Assert.Equal(all.Length, other.Take(all, stops: false));
            Assert.True(other.IsBetweenFrames);
        }
    }

    [Fact]
    public void A_close_frame_is_noticed()
    {
        var tracker = new WebSocketFrames();
        tracker.Take(Frame(1, 8, false), stops: false);
        Assert.False(tracker.HasClosed);
        tracker.Take([0x88], stops: false);
        Assert.True(tracker.HasClosed);
        Assert.False(tracker.IsBetweenFrames);
    }

    [Fact]
    public void A_length_beyond_any_is_a_frame_without_end()
    {
        var tracker = new WebSocketFrames();
        tracker.Take([0x82, 127, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff], stops: true);
        Assert.Equal(1000, tracker.Take(new byte[1000], stops: true));
        Assert.False(tracker.IsBetweenFrames);
    }
}
