import Epochs
import Glibc
import Volumes

extension VolumeOffer {
    init(_ place: VolumePlace) {
        var status = stat()
        _ = stat(place.hostPath, &status)
        self.init(guestPath: place.guestPath, device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
    }
}
